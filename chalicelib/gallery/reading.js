// What was made of the words in the box: subjects as chips that can be taken away, and mistyped words.
import { byId, make } from "./dom.js";

/**
 * @typedef {{subject: string | null, colours: string[], actions: string[]}} Clause
 * @typedef {{clauses: Clause[], rest: string | null, applied: boolean}} Reading
 * @typedef {{text: string, words: Record<string, string>}} Corrected
 */

/**
 * @param {{reading?: Reading | null, corrected?: Corrected | null}} answer
 * @param {any} wanted
 * @param {(changes: any) => void} go
 */
export function showReading({ reading, corrected }, wanted, go) {
  const parts = [...(corrected ? misspelt(corrected, wanted.q, go) : []), ...(reading ? understood(reading, wanted, go) : [])];
  byId("reading").hidden = !parts.length;
  byId("reading").replaceChildren(...parts);
}

const sentence = (textContent) => make("span", { class: "soft", textContent });
const label = (textContent) => make("span", { class: "label", textContent });
const chip = (text, title, onclick) => make("button", { class: "chip", type: "button", title, onclick, "aria-label": `${title}: ${text}` }, text, make("small", { textContent: "×", "aria-hidden": "true" }));
const way = (textContent, onclick) => make("button", { class: "chip away", type: "button", textContent, onclick });
const said = ({ subject, colours, actions }) => [...colours, subject, ...actions].filter(Boolean).join(" ");

function misspelt({ text, words }, typed, go) {
  const quoted = typed.replace(/[\p{L}]+/gu, (word) => (word.toLowerCase() in words ? `"${word}"` : word));
  return [sentence(`Searched for “${text}”`), way(`Only “${Object.keys(words).join("”, “")}”`, () => go({ q: quoted }))];
}

function understood(reading, wanted, go) {
  const { clauses, applied } = reading;
  const whole = clauses.map(said).join(" and ");
  if (!applied && !wanted.plain) return [sentence(`Nothing is known as “${whole}”: found by words and meaning`)];
  if (!applied) return [way(`Only “${whole}”`, () => go({ plain: "" }))];
  return [label("Understood"), ...chips(reading, wanted, go), way("Any of the words", () => go({ plain: "1" }))];
}

/** What is left when a chip is taken away must be one clause, which the address can hold. */
function chips({ clauses, rest }, wanted, go) {
  const isFree = !wanted.subject && !wanted.colour.length && !wanted.action.length;
  const left = ({ subject, colours, actions }) => go({ q: rest ?? "", subject: subject ?? "", colour: colours, action: actions });
  if (isFree && clauses.length === 1) return terms(clauses[0], left);
  if (isFree && clauses.length === 2) return clauses.map((clause, at) => chip(said(clause), "Leave out", () => left(clauses[1 - at])));
  return clauses.map((clause) => sentence(said(clause)));
}

function terms(clause, left) {
  const without = (list, value) => list.filter((other) => other !== value);
  const subject = clause.subject ? [chip(clause.subject, "Leave out", () => left({ ...clause, subject: null }))] : [];
  return [
    ...clause.colours.map((value) => chip(value, "Leave out", () => left({ ...clause, colours: without(clause.colours, value) }))),
    ...subject,
    ...clause.actions.map((value) => chip(value, "Leave out", () => left({ ...clause, actions: without(clause.actions, value) }))),
  ];
}
