// The address: what is searched for and which photograph is open; and what the history keeps beside it, for back and forward.
import { queryString } from "./api.js";

/** @typedef {{image: string, crop: any, name: string}} Picture */

let leaving = /** @type {Promise<void> | null} */ (null);
let followed = location.hash;
history.scrollRestoration = "manual"; // the browser would scroll before there is anything

/** What the address says. */
export const read = () => new URLSearchParams(location.hash.slice(1));

/** The photograph that is open, if any. */
export const photo = () => read().get("photo") ?? "";

/** The address as it was when it was followed last. */
export const before = () => followed;

/** What the history keeps of this address. @returns {{picture?: Picture, y?: number, count?: number, at?: import("./pane.js").Anchor | null, isOpened?: boolean}} */
export const kept = () => history.state ?? {};

/**
 * Go to a search, leaving the former in the history.
 * @param {Record<string, any>} wanted @param {Picture | null} picture which no address can hold
 */
export async function go(wanted, picture) {
  await leaving;
  history.pushState(picture ? { picture } : {}, "", addressOf(queryString(wanted)));
  follow();
}

/** Go to a photograph among what is shown, or from one to another. @param {string} id */
export async function open(id) {
  await leaving;
  const fields = read();
  if (fields.get("photo") === id) return;
  const isLeafing = fields.has("photo");
  fields.set("photo", id);
  if (isLeafing) history.replaceState(history.state, "", addressOf(fields));
  else history.pushState({ ...kept(), isOpened: true }, "", addressOf(fields));
  follow();
}

/** Go back to what is shown behind a photograph: by the history where it was opened from there. */
export function close() {
  const fields = read();
  if (!fields.has("photo") || leaving) return;
  if (kept().isOpened) {
    leaving = new Promise((resolve) => window.addEventListener("popstate", () => resolve(), { once: true })).then(() => void (leaving = null));
    return history.back();
  }
  fields.delete("photo");
  history.replaceState(history.state, "", addressOf(fields));
  follow();
}

/** Keep where somebody is in what is shown. @param {number} count of what is loaded @param {import("./pane.js").Anchor | null} at what is at the top of the window */
export function keepPlace(count, at) {
  history.replaceState({ ...kept(), y: scrollY, count, at }, "");
}

/** Note that the page shows what the address says. */
export const follow = () => (followed = location.hash);

let behind = "";

/** Say in the window's title what is shown: a photograph, or what is behind it. @param {string} [text] */
export const entitle = (text = behind) => (document.title = text ? `${text} · Image Repo` : "Image Repo");

/** Note what is behind photographs, and say so where none is open. @param {string} text */
export function entitleBehind(text) {
  behind = text;
  if (!photo()) entitle();
}

const addressOf = (fields) => `${location.pathname}${String(fields) ? `#${fields}` : ""}`;
