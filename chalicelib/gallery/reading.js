// What was made of the words in the box: subjects as chips that can be taken away, and mistyped words.
import { byId, make } from "./dom.js";
import { isBound, told, TRAITS, wantedBy } from "./kinds.js";

/**
 * @typedef {{clauses: import("./kinds.js").Said[], rest: string | null, applied: boolean}} Reading
 * @typedef {{text: string, words: Record<string, string>}} Corrected
 */

/**
 * @param {{reading?: Reading | null, corrected?: Corrected | null, total?: number | null}} answer
 * @param {any} wanted
 * @param {(changes: any) => void} go
 */
export function showReading({ reading, corrected, total }, wanted, go) {
  const parts = [...(corrected ? misspelt(corrected, wanted.q, go) : []), ...(reading ? understood(reading, total, wanted, go) : [])];
  byId("reading").hidden = !parts.length;
  byId("reading").replaceChildren(...parts);
}

const sentence = (textContent) => make("span", { class: "soft", textContent });
const label = (textContent) => make("span", { class: "label", textContent });
const chip = (text, title, onclick) => make("button", { class: "chip", type: "button", title, onclick, "aria-label": `${title}: ${text}` }, text, make("small", { textContent: "×", "aria-hidden": "true" }));
const way = (textContent, onclick) => make("button", { class: "chip away", type: "button", textContent, onclick });

function misspelt({ text, words }, typed, go) {
  const quoted = typed.replace(/[\p{L}]+/gu, (word) => (word.toLowerCase() in words ? `"${word}"` : word));
  return [sentence(`Searched for “${text}”`), way(`Only “${Object.keys(words).join("”, “")}”`, () => go({ q: quoted }))];
}

function understood(reading, total, wanted, go) {
  const { clauses, applied } = reading;
  const whole = clauses.map((clause) => told(clause)).join(" and ");
  if (!applied && !wanted.plain) return [sentence(`Nothing is known as “${whole}”${total ? ": found by words and meaning" : ""}`)];
  if (!applied) return [way(`Only “${whole}”`, () => go({ plain: "" }))];
  return [label("Understood"), ...chips(reading, wanted, go), way("Any of the words", () => go({ plain: "1" }))];
}

/** What is left when a chip is taken away must be one clause, which the address can hold. */
function chips({ clauses, rest }, wanted, go) {
  const isFree = !isBound(wanted);
  const left = (clause) => go({ q: rest ?? "", ...wantedBy(clause) });
  if (isFree && clauses.length === 1) return terms(clauses[0], left);
  if (isFree && clauses.length === 2) return clauses.map((clause, at) => chip(told(clause), "Leave out", () => left(clauses[1 - at])));
  return clauses.map((clause) => sentence(told(clause)));
}

function terms(clause, left) {
  const without = (list, value) => list.filter((other) => other !== value);
  const subject = clause.subject ? [chip(clause.subject, "Leave out", () => left({ ...clause, subject: null }))] : [];
  const words = ({ plural, sign }) =>
    clause[plural].map((value) => chip(sign + value, "Leave out", () => left({ ...clause, [plural]: without(clause[plural], value) })));
  const [before, after] = [true, false].map((leads) => TRAITS.filter((kind) => kind.leads === leads).flatMap(words));
  return [...before, ...subject, ...after];
}
