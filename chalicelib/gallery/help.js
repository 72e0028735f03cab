// Which keys there are.
import { byId, make } from "./dom.js";
import { fill, showDialog } from "./toast.js";

const KEYS = {
  "/": "to the search box",
  "Arrows": "among the photographs; in an open one, left and right show its neighbours",
  "Enter": "opens a photograph",
  "Esc": "closes it",
  "+ −": "zoom in and out in an open photograph",
  "F": "full screen",
  "I": "shows or hides its details",
  "R F S": "in the review: right, fix, skip; 1 to 5 take another caption",
  "X": "selects a photograph; with Shift all from the last one on; Ctrl+A selects all that are shown",
  "Del": "moves a photograph to the trash",
  "Ctrl+Z": "takes the last change back",
  "?": "shows this",
};

/** Show the keys. */
export function showKeys() {
  const dialog = byId("keys");
  const rows = Object.entries(KEYS).flatMap(([key, what]) => [make("dt", {}, make("kbd", { textContent: key })), make("dd", { textContent: what })]);
  fill(dialog,
    make("h2", { id: "keys-title", textContent: "Keys" }), make("dl", {}, ...rows),
    make("div", { class: "row" }, make("button", { type: "button", textContent: "Close", onclick: () => dialog.close() })));
  showDialog(dialog);
}
