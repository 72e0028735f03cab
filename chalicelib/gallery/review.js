// The queue of photographs whose caption the model is not sure of, or that failed: looked through one by one.
import { call, queryString } from "./api.js";
import { lookable, spelled } from "./attention.js";
import { change } from "./changes.js";
import { make } from "./dom.js";
import { alternative, guess } from "./labels.js";
import { say } from "./toast.js";
import { register } from "./views.js";

const PAGE = 50;
const STATES = ["needs_review", "failed"];

let queue = /** @type {any[]} */ ([]);
let at = 0;
let total = 0;
let pages = /** @type {AsyncGenerator<any[]> | null} */ (null);
let box = /** @type {HTMLElement} */ (document.body);
let isOver = /** @type {AbortSignal} */ (new AbortController().signal);

register("review", { title: "Review", show, press });

/** @param {HTMLElement} into @param {AbortSignal} signal */
async function show(into, signal) {
  [box, isOver, queue, at] = [into, signal, [], 0];
  const { images } = await call("GET", "stats", { signal });
  total = STATES.reduce((sum, state) => sum + images[state], 0);
  pages = waiting(signal);
  await go(0);
}

async function* waiting(signal) {
  for (const state of STATES) {
    let cursor = "";
    do {
      const page = await call("GET", `images?${queryString({ state, limit: PAGE, cursor })}`, { signal });
      cursor = page.cursor ?? "";
      yield page.items;
    } while (cursor);
  }
}

/** Show the photograph of a place in the queue, or that there is none. */
async function go(place) {
  at = place;
  while (at >= queue.length) {
    box.replaceChildren(progress()); // what was decided on is not decided on again meanwhile
    const more = await pages?.next();
    if (isOver.aborted) return;
    if (!more || more.done) return finish();
    queue.push(...more.value);
  }
  draw(queue[at]);
}

const next = () => go(at + 1);

function finish() {
  const text = total ? "Everything has been looked through. What was skipped is here again the next time." : "The model was sure of every caption, and every file could be read.";
  box.replaceChildren(progress(), make("div", { class: "excuse" }, make("h2", { textContent: total ? "Done" : "Nothing to review" }), make("p", { class: "soft", textContent: text }), make("a", { href: "#", textContent: "All photographs" })));
}

function progress() {
  const [done, of] = [Math.min(at, Math.max(total, queue.length)), Math.max(total, queue.length)];
  return make("p", { class: "progress soft" }, make("progress", { max: of || 1, value: of ? done : 1, "aria-label": "Looked through" }), make("span", { textContent: of ? `${done} of ${of}` : "" }));
}

function draw(image) {
  const isFailed = image.state === "failed";
  const picture = image.links.display ? make("img", { src: image.links.large, alt: alternative(image) }) : null;
  const { frame, show: look } = picture ? lookable(picture) : { frame: make("p", { class: "soft", textContent: "This file could not be shown." }), show: () => {} };
  if (picture) frame.style.setProperty("--ratio", String(image.width / image.height));
  const title = make("h2", { class: guess(image) ? "guess" : "", tabIndex: -1 }, make("span", { textContent: image.caption?.text ?? (guess(image) || image.name) }));
  const panel = make("div", { class: "facts" },
    title,
    make("p", { class: "soft sentence", textContent: image.reason ?? "" }),
    ways(image, isFailed),
    ...(isFailed || !image.caption ? [] : captions(image, title, look)),
    make("p", { class: "soft", textContent: image.name }));
  box.replaceChildren(progress(), make("div", { class: "review" }, make("div", { class: "stage" }, frame), panel));
  title.focus({ preventScroll: true });
  const after = queue[at + 1]?.links.large;
  if (after) new Image().src = after; // so that the next one is there at once
}

const all = ({ caption }) => (caption ? [caption.text, ...caption.alternatives] : []);

/** The alternatives, and all captions spelled as soon as it is known where the model looked. */
function captions(image, title, look) {
  const list = make("ol", { class: "alternatives spelling", "aria-label": "Other captions" }, ...image.caption.alternatives.map((text, place) => make("li", {}, make("span", { textContent: text }), choice(image, text, place + 1))));
  const told = make("p", { class: "soft", role: "status" });
  call("GET", `images/${image.id}/attention`, { signal: isOver })
    .then((grid) => {
      const lines = [title, ...list.children];
      grid.captions.forEach(({ words }, place) => lines[place]?.firstChild?.replaceWith(spelled(grid, words, (looked) => look(grid, looked))));
      told.textContent = "Point at a word, or go along the words with the arrow keys, to see where the model looked.";
    })
    .catch((problem) => problem.name !== "AbortError" && (told.textContent = `Where the model looked cannot be shown: ${problem.message}`));
  return [told, list];
}

function choice(image, text, place) {
  return make("button", { type: "button", "aria-label": `Use “${text}”`, onclick: () => decide(image, text) }, make("kbd", { "aria-hidden": "true", textContent: String(place) }), " Use");
}

function ways(image, isFailed) {
  const way = (name, key, onclick, kind = "") => make("button", { type: "button", class: kind, "data-key": key.toLowerCase(), "aria-keyshortcuts": key, onclick }, make("kbd", { "aria-hidden": "true", textContent: key }), ` ${name}`);
  const first = isFailed
    ? [way("Try again", "T", () => retry(image), "primary"), make("a", { href: image.links.original, download: "", class: "soft", textContent: "Download the original" })]
    : [image.caption ? way("Right", "R", () => decide(image, image.caption.text), "primary") : "", way("Fix", "F", () => fix(image), image.caption ? "" : "primary")];
  return make("div", { class: "row", id: "review-ways" }, ...first, way("Skip", "S", next));
}

function fix(image) {
  const text = make("textarea", { rows: 3, maxLength: 2000, required: true, value: image.caption?.text ?? "", "aria-label": "Caption" });
  const form = make("form", { class: "facts-edit", onsubmit: (event) => (event.preventDefault(), text.value.trim() && decide(image, text.value.trim())) },
    text, make("div", { class: "row" }, make("button", { class: "primary", type: "submit", textContent: "Save" }), make("button", { type: "button", textContent: "Cancel", onclick: () => draw(image) })));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") draw(image);
    if (event.key === "Enter" && !event.shiftKey && event.target === text) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  box.querySelector("#review-ways")?.replaceWith(form);
  text.focus();
}

/** Make a caption a person's, unless that is taken back, and go on. */
function decide(image, text) {
  const here = at;
  const back = () => go(here);
  const send = () =>
    call("PATCH", `images/${image.id}`, { body: { caption: text }, headers: { "If-Match": `"${image.rev}"` }, keepalive: true }).catch((problem) =>
      say(problem.status === 412 ? `Somebody changed ${image.name} meanwhile; your words were not saved.` : `${image.name} was not changed: ${problem.message}`, { seconds: 12 }));
  next();
  change(image.id, { told: text === image.caption?.text ? "Caption confirmed." : "Caption changed.", shown: image, send, undo: back });
}

async function retry(image) {
  next();
  await call("POST", "recaption", { body: { ids: [image.id] } });
  say(`${image.name} goes to the model again.`);
}

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || /** @type {Element} */ (event.target).closest?.("textarea, input, select, dialog")) return;
  const image = queue[at];
  const number = Number(event.key);
  if (image && number && all(image)[number]) decide(image, all(image)[number]);
  else /** @type {HTMLElement | null} */ (box.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`))?.click();
}
