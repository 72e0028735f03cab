// Searching by an image from outside: picked, dropped onto the search box, or pasted.
import { croppable } from "./crop.js";
import { byId, make } from "./dom.js";
import { goByImage } from "./search.js";
import { mediaType } from "./sniffing.js";
import { fill, showDialog } from "./toast.js";
import { upload } from "./upload.js";

const OTHERS = { "image/heic": "HEIC", "image/heif": "HEIF", "image/avif": "AVIF", "image/tiff": "TIFF" };
const LARGEST_SIDE = 1024; // more than the model looks at, and far under the API's 4 MB

/** @param {File} file */
export async function offer(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return excuse(file, await mediaType(file));
  const dialog = byId("crop");
  let crop = null;
  const url = URL.createObjectURL(file);
  const image = make("img", { src: url, alt: "The image to search by" });
  const search = make("button", { class: "primary", type: "button", textContent: "Search", onclick: () => dialog.close("search") });
  fill(
    dialog,
    make("h2", { id: "crop-title", textContent: "Search by this image" }),
    make("p", { class: "soft", textContent: "Drag over a part to search by that part only." }),
    croppable(image, (part) => {
      crop = part;
      search.textContent = part ? "Search by this part" : "Search";
    }),
    make("div", { class: "row" }, search, cancel(dialog)),
  );
  dialog.returnValue = "";
  showDialog(dialog);
  search.focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  URL.revokeObjectURL(url);
  if (dialog.returnValue === "search") await goByImage({ image: base64(bitmap), crop, name: file.name });
}

const cancel = (dialog) => make("button", { type: "button", textContent: "Cancel", onclick: () => dialog.close("") });

/** Say why a file cannot be searched by, and what can be done. @param {File} file @param {string | null} type */
function excuse(file, type) {
  const dialog = byId("crop");
  const kind = type && OTHERS[type];
  const add = () => {
    dialog.close("");
    upload([file]);
  };
  const text = kind
    ? `This browser cannot show ${kind} photographs. Add it to your photographs instead: opened there, “Find similar” searches by it. Or save it as JPEG, and search by that.`
    : type ? "It is damaged: this browser cannot read it." : "It is no photograph that this browser can read. JPEG, PNG, WebP and GIF can be searched by.";
  fill(
    dialog,
    make("h2", { id: "crop-title", textContent: `${file.name} cannot be searched by` }),
    make("p", { class: "soft", textContent: text }),
    make("div", { class: "row" }, kind ? make("button", { class: "primary", type: "button", textContent: "Add it instead", onclick: add }) : null, cancel(dialog)),
  );
  showDialog(dialog);
}

/** The image, scaled down where it is large, as base64 of a JPEG. @param {ImageBitmap} bitmap */
function base64(bitmap) {
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = make("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // as the captioner shows what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92).split(",")[1];
}
