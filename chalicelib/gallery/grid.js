// The grid of photographs: tiles, and moving among them with the keyboard.
import { call, FORM_MS } from "./api.js";
import { byId, make, marked } from "./dom.js";
import { alternative, beside as seenBeside, filedBeside, guess, guessed } from "./labels.js";
import { isOver } from "./session.js";

const grid = () => byId("grid");
const STATES = { pending: "waiting for its caption", needs_review: "needs a look", failed: "failed", expired: "no file came" };
const WATCH_MS = 2500;
const SKELETONS = [1.5, 0.8, 1.33, 1, 1.78, 0.75, 1.4, 1.5, 1, 1.33, 1.6, 0.8];
const renewed = new Set();
let open = (/** @type {string} */ _id) => {};

/** @param {(id: string) => void} handler called with the photograph that is opened */
export const onOpen = (handler) => (open = handler);

/** @param {any} image @param {string | null} [highlight] @param {string} [why] it was found @param {string[]} [matched] labels that were looked for */
export function tile(image, highlight = null, why = "", matched = []) {
  const frame = make("span", { class: "frame" }, picture(image), badge(image));
  const button = make("button", { type: "button", onclick: () => open(image.id) }, frame, ...told(image, highlight, matched), why ? make("span", { class: "why", textContent: why }) : "");
  const element = make("div", { class: "tile", role: "listitem", "data-id": image.id, "data-state": image.state }, button);
  if (image.width && image.height) {
    element.style.setProperty("--ratio", String(Math.min(2.2, Math.max(0.6, image.width / image.height))));
  }
  element.classList.toggle("waiting", image.state === "pending" && !isUnfinished(image));
  if (isUnfinished(image)) element.append(remedies(image));
  element.image = image;
  decorate(element);
  return element;
}

/** Whether no file came of an upload while one could, as where its page was left. @param {any} image */
const isUnfinished = ({ state, updated_at: since }) => state === "expired" || (state === "pending" && Date.now() - Date.parse(since) > FORM_MS);

function remedies(image) {
  const way = (textContent, onclick) => make("button", { type: "button", textContent, "aria-label": `${textContent}: ${image.name}`, onclick });
  return make("span", { class: "remedy" }, way("Add it again", () => mend.again(image)), way("Remove", () => mend.remove(image)));
}

let mend = { again: (/** @type {any} */ _image) => {}, remove: (/** @type {any} */ _image) => {} };
/** @param {typeof mend} handlers what can be done about an upload that came to nothing */
export const onUnfinished = (handlers) => (mend = handlers);

function picture(image) {
  if (!image.links.display) return "";
  const img = make("img", { loading: "lazy", decoding: "async", alt: alternative(image) });
  img.addEventListener("load", () => img.classList.add("here"));
  img.addEventListener("error", () => renew(image.id), { once: true });
  img.src = image.links.display;
  return img;
}

/** Links age: ask once for a fresh record where a picture does not load. */
async function renew(id) {
  if (renewed.has(id)) return;
  renewed.add(id);
  refresh(await call("GET", `images/${encodeURIComponent(id)}`));
}

/** Look again, every few seconds, at photographs that wait for a caption. */
export async function watchWaiting() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    if (document.hidden) continue;
    for (const element of [...grid().querySelectorAll('[data-state="pending"].waiting')].slice(0, 8)) {
      if (isOver()) break;
      const image = await call("GET", `images/${encodeURIComponent(element.dataset.id)}`).catch(() => null);
      if (image && (image.state !== "pending" || isUnfinished(image))) refresh(image);
    }
  }
}

function badge(image) {
  const text = isUnfinished(image) ? "unfinished" : STATES[image.state];
  return text ? make("span", { class: `badge ${image.state}`, textContent: text }) : null;
}

function told(image, highlight, matched) {
  const filed = filedBeside(image.keywords, matched);
  return guess(image) ? [guessed(image, matched), filed] : [caption(image, highlight), filed, seenBeside(image.labels, matched)];
}

function caption(image, highlight) {
  if (highlight) return make("span", { class: "caption" }, ...marked(highlight));
  const text = isUnfinished(image) ? `${image.name}: its file never came` : (image.caption?.text ?? image.reason ?? image.name);
  return make("span", { class: image.caption ? "caption" : "caption muted", textContent: text });
}

let decorate = (/** @type {any} */ _tile) => {};
/** @param {typeof decorate} handler called with every tile of a photograph that is made */
export const onTile = (handler) => (decorate = handler);

/** The photographs in the order in which they are shown. @returns {string[]} */
export const ids = () => [...grid().querySelectorAll("[data-id]")].map((element) => element.dataset.id);

/** The tile of a photograph, where it has one now. @param {string} id */
export const element = (id) => find(id);

export const clear = () => grid().replaceChildren();
export const append = (...tiles) => grid().append(...tiles);

/** Stand-ins of various shapes, while an answer is on its way. */
export function skeletons() {
  const blanks = SKELETONS.map((ratio) => {
    const blank = make("div", { class: "tile waiting", "aria-hidden": "true" }, make("span", { class: "frame" }), make("span", { class: "line" }));
    blank.style.setProperty("--ratio", String(ratio));
    return blank;
  });
  grid().replaceChildren(...blanks);
}

/** Show a tile first, and nowhere else. */
export function prepend(element) {
  find(element.dataset.id)?.remove();
  grid().prepend(element);
}

/** Show a photograph's record anew where it is in the grid. @param {any} image */
export function refresh(image) {
  const old = find(image.id);
  const hadFocus = old?.contains(document.activeElement);
  const fresh = tile(image);
  old?.replaceWith(fresh);
  if (hadFocus) fresh.querySelector("button").focus();
}

/** Take a photograph away, and leave the focus with its neighbour. @param {string} id @returns {() => void} puts it back */
export function remove(id) {
  const old = find(id);
  const after = old?.nextElementSibling;
  const neighbour = after ?? old?.previousElementSibling;
  old?.remove();
  neighbour?.querySelector("button")?.focus();
  return () => {
    if (!old || find(id)) return;
    if (after?.isConnected) after.before(old);
    else grid().append(old);
    old.querySelector("button").focus();
  };
}

/** The photograph before or after another, as it is in the grid. @param {string} id @param {1 | -1} step */
export function beside(id, step) {
  const old = find(id);
  const other = step > 0 ? old?.nextElementSibling : old?.previousElementSibling;
  return other?.dataset.id ?? null;
}

/** Give a photograph the focus, unless something else on the page has it by now. @param {string} id */
export function focus(id) {
  const now = document.activeElement;
  const isElsewhere = now !== document.body && !now?.closest("#grid, #detail"); // a closed dialog may have it for a moment
  if (!isElsewhere) find(id)?.querySelector("button").focus();
}

/** How many photographs are shown. */
export const count = () => grid().querySelectorAll("[data-id]").length;

/** What is known of a photograph in the grid. @param {string} id */
export const known = (id) => find(id)?.image;

const find = (id) => grid().querySelector(`[data-id="${CSS.escape(id)}"]`);

/** Move the focus with the arrow keys; up and down go to what lies nearest. */
export function listenToArrows() {
  grid().addEventListener("keydown", (event) => {
    const buttons = [...grid().querySelectorAll(".tile > button")];
    const here = buttons.indexOf(event.target.closest(".tile > button"));
    if (here < 0) return;
    const there = target(event.key, buttons, here);
    if (!there) return;
    event.preventDefault();
    there.focus();
  });
}

function target(key, buttons, here) {
  if (key === "ArrowRight") return buttons[here + 1];
  if (key === "ArrowLeft") return buttons[here - 1];
  if (key !== "ArrowDown" && key !== "ArrowUp") return null;
  const from = buttons[here].getBoundingClientRect();
  const below = key === "ArrowDown";
  const middle = (box) => box.left + box.width / 2;
  const rows = buttons
    .map((button) => ({ button, box: button.getBoundingClientRect() }))
    .filter(({ box }) => (below ? box.top > from.top + 5 : box.top < from.top - 5));
  const distance = ({ box }) => Math.abs(box.top - from.top) * 4 + Math.abs(middle(box) - middle(from));
  return rows.sort((one, other) => distance(one) - distance(other))[0]?.button;
}
