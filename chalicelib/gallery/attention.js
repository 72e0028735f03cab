// Where the model looked in a photograph for each word of a caption.
import { make } from "./dom.js";

const DARKEST = 0.78; // of what it did not look at
const PLACES = [["top left", "top", "top right"], ["left", "middle", "right"], ["bottom left", "bottom", "bottom right"]];

/** @typedef {{word: string, weights: number[]}} Looked */
/** @typedef {{rows: number, columns: number, captions: {text: string, words: Looked[]}[]}} Attention */

/**
 * Lay what the model looked at over a photograph.
 * @param {HTMLImageElement} image
 * @returns {{frame: HTMLElement, show: (grid: Attention, looked: Looked | null) => void}} the image in its frame, and what darkens the rest of it
 */
export function lookable(image) {
  const veil = make("canvas", { class: "veil", hidden: true, "aria-hidden": "true" });
  const frame = make("span", { class: "clip" }, image, veil);
  return {
    frame,
    show: ({ rows, columns }, looked) => {
      veil.hidden = !looked;
      if (looked) darken(veil, rows, columns, looked.weights);
    },
  };
}

function darken(veil, rows, columns, weights) {
  [veil.width, veil.height] = [columns, rows];
  const paint = veil.getContext("2d");
  const most = Math.max(...weights);
  weights.forEach((weight, cell) => {
    paint.fillStyle = `rgb(0 0 0 / ${DARKEST * (1 - weight / most)})`;
    paint.fillRect(cell % columns, Math.floor(cell / columns), 1, 1);
  });
}

/** Where it looked most, in words: "top left". @param {Attention} grid @param {Looked} looked */
export function whereabouts({ rows, columns }, { weights }) {
  const cell = weights.indexOf(Math.max(...weights));
  const third = (place, count) => Math.min(2, Math.floor(((place + 0.5) / count) * 3));
  return PLACES[third(Math.floor(cell / columns), rows)][third(cell % columns, columns)];
}

/**
 * A caption as words, each of which shows where the model looked for it.
 * @param {Attention} grid @param {Looked[]} words @param {(looked: Looked | null) => void} show
 */
export function spelled(grid, words, show) {
  const buttons = words.map((looked, place) =>
    make("button", { type: "button", class: "word", tabIndex: place ? -1 : 0, textContent: looked.word, "aria-label": `${looked.word}: the model looked at the ${whereabouts(grid, looked)}`,
      onpointerenter: () => show(looked), onfocus: () => show(looked), onclick: () => show(looked) }));
  const line = make("span", { class: "spelled", role: "group", "aria-label": words.map(({ word }) => word).join(" "), onpointerleave: () => show(null), onfocusout: () => show(null) }, ...buttons.flatMap((button, place) => (place ? [" ", button] : [button])));
  line.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const there = step && buttons[buttons.indexOf(event.target) + step];
    if (!there) return;
    event.preventDefault();
    for (const button of buttons) button.tabIndex = button === there ? 0 : -1;
    there.focus();
  });
  return line;
}
