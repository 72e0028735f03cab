// What the model sees in a picture, whatever its caption says: a source of its own, with probabilities.
import { make } from "./dom.js";

/** @typedef {{word: string, probability: number}} Label */

const MOST_GUESSED = 2;
const LEAST_GUESSED = 0.3; // a further guess is no less probable
const MOST_ON_A_TILE = 3;
const percent = ({ probability }) => `${Math.round(probability * 100)} %`;

const guesses = ({ labels }) =>
  labels.filter(({ probability }, place) => !place || probability >= LEAST_GUESSED).slice(0, MOST_GUESSED).map(({ word }) => word);

/** What a photograph without a caption may show: "cat? cup?"; empty where nothing is seen. @param {any} image */
export const guess = (image) => (image.caption ? "" : guesses(image).map((word) => `${word}?`).join(" "));

/** What a photograph shows, for those who do not see it. @param {any} image */
export function alternative(image) {
  if (image.caption) return image.caption.text;
  const words = guesses(image);
  return words.length ? `Perhaps ${words.join(" or ")}` : image.name;
}

/** The guess, clearly no sentence of anybody's. @param {any} image @param {string[]} [matched] labels that were looked for */
export function guessed(image, matched = []) {
  const words = guesses(image).map((word) => make(matched.includes(word) ? "mark" : "span", { textContent: `${word}?` }));
  return make("span", { class: "caption guess", title: image.reason ?? "" }, ...words);
}

const isMatched = (word, matched) => matched.includes(word.toLowerCase());

/** The keywords beside a tile's caption that were looked for. @param {string[]} keywords @param {string[]} matched */
export function filedBeside(keywords, matched) {
  const words = keywords.filter((word) => isMatched(word, matched)).map((word) => make("mark", { textContent: word }));
  return words.length ? make("span", { class: "seen" }, make("span", { class: "hidden", textContent: "Keywords: " }), ...words) : "";
}

/** The labels beside a tile's caption. @param {Label[]} labels @param {string[]} matched those that were looked for */
export function beside(labels, matched) {
  const shown = labels.filter(({ word }, place) => place < MOST_ON_A_TILE || matched.includes(word));
  if (!shown.length) return "";
  const words = shown.map((label) => make(matched.includes(label.word) ? "mark" : "span", { textContent: label.word, title: percent(label) }));
  return make("span", { class: "seen" }, make("span", { class: "hidden", textContent: "Seen in the picture: " }), ...words);
}

/** The labels of an open photograph, each a way to search by it. @param {Label[]} labels @param {(word: string) => void} ask */
export function chips(labels, ask) {
  const chip = (label) => make("button", { class: "chip", type: "button", title: "Search for what is seen in the picture", onclick: () => ask(label.word) }, label.word, make("small", { textContent: percent(label) }));
  return named("Seen in the picture", labels.map(chip));
}

/** What a person filed it under, each a way to search by it. @param {any} image @param {(word: string) => void} ask */
export function filed(image, ask) {
  const chip = (word) => make("button", { class: "chip", type: "button", title: "Search for this keyword", textContent: word, onclick: () => ask(word.toLowerCase()) });
  return named(image.keywords_source === "file" ? "Keywords in the file" : "Keywords", image.keywords.map(chip));
}

function named(name, chips) {
  if (!chips.length) return "";
  return make("div", { class: "row sight", role: "group", "aria-label": name }, make("span", { class: "label", "aria-hidden": "true", textContent: name }), ...chips);
}
