// A photograph's tile in the grid, and how much room its texts take.
import { FORM_MS } from "./api.js";
import { make, marked } from "./dom.js";
import { alternative, beside as seenBeside, filedBeside, guess, guessed } from "./labels.js";

const STATES = { pending: "waiting for its caption", needs_review: "needs a look", failed: "failed", expired: "no file came" };
const [AGAIN, REMOVE] = ["Add it again", "Remove"];
const SOON_MS = 200; // a picture that was waited for fades in
const MOST_ON_A_TILE = 3; // labels, beside those that were looked for
const pen = /** @type {CanvasRenderingContext2D} */ (make("canvas").getContext("2d"));

/**
 * @typedef {import("./layout.js").Placed & {image: any, highlight: string | null, why: string, matched: string[]}} Item what a tile shows
 */

let open = (/** @type {string} */ _id) => {};
/** @param {(id: string) => void} handler called with the photograph that is opened */
export const onOpen = (handler) => (open = handler);

let mend = { again: (/** @type {any} */ _image) => {}, remove: (/** @type {any} */ _image) => {} };
/** @param {typeof mend} handlers what can be done about an upload that came to nothing */
export const onUnfinished = (handlers) => (mend = handlers);

let broken = (/** @type {string} */ _id) => {};
/** @param {(id: string) => void} handler called with a photograph whose picture does not load */
export const onBroken = (handler) => (broken = handler);

/** The ratio that a photograph is shown in: very wide and very tall ones are cut. @param {any} image */
export const ratioOf = ({ width, height }) => (width && height ? Math.min(2.2, Math.max(0.6, width / height)) : 1.4);

/**
 * What a tile is to show.
 * @param {any} image @param {string | null} [highlight] @param {string} [why] it was found @param {string[]} [matched] labels that were looked for
 * @returns {Item}
 */
export function tile(image, highlight = null, why = "", matched = []) {
  return { key: image.id, ratio: ratioOf(image), says: says(image, highlight, why, matched), image, highlight, why, matched };
}

/** Whether no file came of an upload while one could, as where its page was left. @param {any} image */
export const isUnfinished = ({ state, updated_at: since }) => state === "expired" || (state === "pending" && Date.now() - Date.parse(since) > FORM_MS);

/** Whether it is to be looked at again until it has a caption. @param {any} image */
export const isWaiting = (image) => image.state === "pending" && !isUnfinished(image);

/** @param {Item} item */
export function drawn({ image, highlight, why, matched }) {
  const frame = make("span", { class: "frame" }, picture(image), badge(image));
  if (image.placeholder) frame.style.background = image.placeholder;
  const button = make("button", { type: "button", onclick: () => open(image.id) }, frame, ...told(image, highlight, matched), why ? make("span", { class: "why", textContent: why }) : "");
  const element = make("div", { class: "tile", role: "listitem", "data-id": image.id, "data-state": image.state }, button);
  element.classList.toggle("waiting", isWaiting(image));
  if (isUnfinished(image)) element.append(remedies(image));
  return element;
}

/** A stand-in, while an answer is on its way. @param {number} ratio @param {number} place */
export const blank = (ratio, place) => ({ key: `blank ${place}`, ratio, says: { caption: 1, chips: [], why: 0, remedies: [] }, image: null, highlight: null, why: "", matched: [] });

export const drawnBlank = () => make("div", { class: "tile waiting", "aria-hidden": "true" }, make("span", { class: "frame" }), make("span", { class: "line" }));

function remedies(image) {
  const way = (textContent, onclick) => make("button", { type: "button", textContent, "aria-label": `${textContent}: ${image.name}`, onclick });
  return make("span", { class: "remedy" }, way(AGAIN, () => mend.again(image)), way(REMOVE, () => mend.remove(image)));
}

function picture(image) {
  if (!image.links.display) return "";
  const img = make("img", { loading: "lazy", decoding: "async", alt: alternative(image) });
  const since = performance.now();
  img.addEventListener("load", () => img.classList.add("here", ...(performance.now() - since < SOON_MS ? ["soon"] : [])));
  img.addEventListener("error", () => broken(image.id), { once: true });
  img.src = image.links.display;
  return img;
}

function badge(image) {
  const text = isUnfinished(image) ? "unfinished" : STATES[image.state];
  return text ? make("span", { class: `badge ${image.state}`, textContent: text }) : null;
}

function told(image, highlight, matched) {
  const filed = filedBeside(image.keywords, matched);
  return guess(image) ? [guessed(image, matched), filed] : [caption(image, highlight), filed, seenBeside(image.labels, matched)];
}

const words = (image) => (isUnfinished(image) ? `${image.name}: its file never came` : (image.caption?.text ?? image.reason ?? image.name));

function caption(image, highlight) {
  if (highlight) return make("span", { class: "caption" }, ...marked(highlight));
  return make("span", { class: image.caption ? "caption" : "caption muted", textContent: words(image) });
}

/** How wide the texts of a tile are, in their font sizes, a little more rather than less. */
function says(image, highlight, why, matched) {
  const filed = image.keywords.filter((word) => matched.includes(word.toLowerCase()));
  const seen = guess(image) ? [] : image.labels.map(({ word }) => word).filter((word, place) => place < MOST_ON_A_TILE || matched.includes(word));
  return {
    caption: em(guess(image) || (highlight ? highlight.replace(/<\/?mark>/g, "") : words(image))) + 0.6,
    chips: [filed, seen].filter((group) => group.length).map((group) => group.map(em)),
    why: why ? em(why) : 0,
    remedies: isUnfinished(image) ? [em(AGAIN), em(REMOVE)] : [],
  };
}

let family = "";
function em(text) {
  if (!family) pen.font = `100px ${(family = getComputedStyle(document.documentElement).fontFamily)}`;
  return (pen.measureText(text.charAt(0).toUpperCase() + text.slice(1)).width / 100) * 1.02;
}
