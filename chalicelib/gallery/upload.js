// Adding photographs: a form from the API, the file to the bucket, then waiting for the caption.
import { ApiProblem, call, sendFile } from "./api.js";
import { byId, make } from "./dom.js";
import * as grid from "./grid.js";
import { guess } from "./labels.js";
import { checksum, mediaType, TAKEN } from "./sniffing.js";
import { say } from "./toast.js";

const AT_ONCE = 3;
const POLL_MS = 700;
const PATIENCE_MS = 180_000;
const tray = () => byId("uploads");
let added = (/** @type {any} */ _image) => {};

/** @param {(image: any) => void} handler called with each photograph that has been added */
export const onAdded = (handler) => (added = handler);

/**
 * Upload files, a few at a time.
 * @param {Iterable<File>} files
 * @param {string} [instead] the photograph of a former upload, whose file never came
 */
export async function upload(files, instead) {
  const waiting = [...files];
  if (!waiting.length) return;
  say(waiting.length === 1 ? "Adding one photograph" : `Adding ${waiting.length} photographs`);
  const lane = async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) await one(file, instead);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** @param {File} file @param {string} [instead] */
async function one(file, instead) {
  const tile = placeholder(file);
  tray().append(tile.element);
  try {
    const type = await mediaType(file);
    if (!type) throw new ApiProblem(0, `Only ${TAKEN} can be added.`);
    const request = { name: file.name, content_type: type, size: file.size, sha256: await checksum(file) };
    const { image, upload: form, duplicate } = await call("POST", "images", { body: request });
    if (instead && instead !== image.id) await call("DELETE", `images/${instead}?permanent=true`); // it has no file
    if (instead) grid.remove([instead]);
    if (form) await sendFile(form, file, tile.progress);
    tile.waiting();
    tile.become(await captioned(image.id), duplicate);
  } catch (problem) {
    tile.failed(problem.message, () => {
      tile.element.remove();
      one(file, instead);
    });
  }
}

async function captioned(id) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const image = await call("GET", `images/${id}`);
    if (image.state !== "pending") return image;
    if (Date.now() > end) throw new ApiProblem(0, "The caption is taking long; it will appear later.");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function placeholder(file) {
  const url = URL.createObjectURL(file);
  const img = make("img", { alt: file.name, onload: () => img.classList.add("here") });
  img.src = url;
  const bar = make("span", { class: "bar" }, make("i"));
  const badge = make("span", { class: "badge", textContent: "uploading" });
  const text = make("span", { class: "caption muted", textContent: file.name });
  const frame = make("span", { class: "frame" }, img, badge, bar);
  const element = make("div", { class: "tile", role: "listitem", "data-state": "uploading" }, frame, text);
  return {
    element,
    progress: (share) => bar.style.setProperty("--done", String(share)),
    waiting: () => {
      badge.textContent = "waiting for its caption";
      element.dataset.state = "pending";
    },
    become: (image, wasThere) => {
      URL.revokeObjectURL(url);
      element.remove();
      added(image);
      const told = image.state === "failed" ? image.reason : (image.caption?.text ?? (guess(image) || image.reason));
      say(`${wasThere ? `${file.name} is already there. ` : ""}${image.name}: ${told}`);
    },
    failed: (why, retry) => {
      badge.className = "badge failed";
      badge.textContent = "failed";
      text.textContent = `${file.name}: ${why}`;
      element.dataset.state = "failed";
      bar.remove();
      frame.append(
        make("span", { class: "remedy" },
          make("button", { type: "button", textContent: "Try again", "aria-label": `Try again: ${file.name}`, onclick: retry }),
          make("button", { type: "button", textContent: "Dismiss", "aria-label": `Dismiss: ${file.name}`, onclick: () => element.remove() })),
      );
      say(`${file.name}: ${why}`, { seconds: 8 });
    },
  };
}
