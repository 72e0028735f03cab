// What was made of the words in the box: mistyped words, and who does what as a condition to choose.
import { byId, make } from "./dom.js";
import { isBound, TRAITS, wantedBy } from "./kinds.js";

/**
 * @typedef {{clauses: import("./kinds.js").Said[], rest: string | null}} Reading
 * @typedef {{text: string, words: Record<string, string>}} Corrected
 */

/**
 * @param {{reading?: Reading | null, corrected?: Corrected | null}} answer
 * @param {any} wanted
 * @param {(changes: any) => void} go
 */
export function showReading({ reading, corrected }, wanted, go) {
  const offers = reading && !isBound(wanted) ? only(reading, go) : [];
  const parts = [...(corrected ? misspelt(corrected, wanted.q, go) : []), ...offers];
  byId("reading").hidden = !parts.length;
  byId("reading").replaceChildren(...parts);
}

const sentence = (textContent) => make("span", { class: "soft", textContent });
const label = (textContent) => make("span", { class: "label", textContent });
const way = (textContent, onclick) => make("button", { class: "chip", type: "button", textContent, onclick });

function misspelt({ text, words }, typed, go) {
  const quoted = typed.replace(/[\p{L}]+/gu, (word) => (word.toLowerCase() in words ? `"${word}"` : word));
  return [sentence(`Searched for “${text}”`), way(`Only “${Object.keys(words).join("”, “")}”`, () => go({ q: quoted }))];
}

/** What is bound to a subject, which words alone do not ask for. The address can hold one clause. */
function only({ clauses, rest }, go) {
  const bound = clauses.filter((clause) => TRAITS.some(({ plural }) => clause[plural].length));
  const left = clauses.length === 1 && { q: rest ?? "" };
  const ways = bound.map((clause) => way(clause.told, () => go({ ...left, ...wantedBy(clause) })));
  return ways.length ? [label("Only"), ...ways] : [];
}
