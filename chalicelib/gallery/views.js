// What the page shows instead of photographs that are searched for, by its name in the address: "#view=review".
import * as address from "./address.js";
import { allSettled } from "./changes.js";
import { byId, make } from "./dom.js";

/** @typedef {{title: string, show: (into: HTMLElement, signal: AbortSignal) => Promise<void> | void, press?: (event: KeyboardEvent) => void}} View */

/** @type {Map<string, View>} */
const views = new Map();
let shown = "";
let running = new AbortController();

/** @param {string} name in the address @param {View} view */
export const register = (name, view) => views.set(name, view);

/** Show the view that is in the address. @returns {boolean} whether there is one */
export function fromAddress() {
  const name = address.read().get("view") ?? "";
  const view = views.get(name);
  document.body.classList.toggle("elsewhere", Boolean(view));
  if (name === shown) return Boolean(view);
  running.abort();
  running = new AbortController();
  shown = view ? name : "";
  byId("view").replaceChildren();
  if (view) begin(view, running.signal);
  return Boolean(view);
}

/** Begin the view that is shown anew. */
function again() {
  shown = "";
  fromAddress();
}

function begin(view, signal) {
  scrollTo(0, 0);
  address.entitleBehind(view.title);
  const body = make("div", { class: "body", "aria-busy": "true" });
  byId("view").replaceChildren(make("h1", { id: "view-heading", textContent: view.title, tabIndex: -1 }), body);
  allSettled() // so that what was just changed is counted, too
    .then(() => signal.aborted || view.show(body, signal))
    .catch((problem) => {
      if (problem.name === "AbortError" || signal.aborted) return;
      body.replaceChildren(make("p", { class: "soft", textContent: problem.message }), make("button", { type: "button", textContent: "Try again", onclick: again }));
    })
    .finally(() => body.removeAttribute("aria-busy"));
}

/** Give a key to the view that is shown. @param {KeyboardEvent} event @returns {boolean} whether one is */
export function press(event) {
  views.get(shown)?.press?.(event);
  return Boolean(shown);
}
