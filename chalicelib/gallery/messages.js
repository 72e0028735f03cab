// What is said where there is nothing to show: why, and what can be done about it.
import { ANY_TIME } from "./dates.js";
import { byId, icon, make } from "./dom.js";
import { TRAITS, UNBOUND } from "./kinds.js";

/**
 * @param {string} title
 * @param {string} text
 * @param {Record<string, () => void>} [ways] what may be done, by the words on its button
 */
export function explain(title, text, ways = {}) {
  const buttons = Object.entries(ways).map(([textContent, onclick]) => make("button", { type: "button", textContent, onclick }));
  byId("empty").hidden = false;
  byId("empty").replaceChildren(
    icon("M4 7h3l2-3h6l2 3h3v12H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7"),
    make("h2", { textContent: title }),
    make("p", { textContent: text }),
    make("div", { class: "row" }, ...buttons),
  );
}

export const nothingToExplain = () => (byId("empty").hidden = true);

/**
 * Say why nothing was found, and suggest what would find more: fewer conditions, fewer words.
 * @param {import("./kinds.js").Wanted} wanted
 * @param {{message: string, text: string | null}[]} hints
 * @param {(changes: any) => void} go
 */
export function sayNothingFound(wanted, hints, go) {
  const ways = {};
  for (const { text } of hints) if (text) ways[`Search for ${text}`] = () => go({ q: text });
  if (wanted.subject) ways[`Any subject, not just “${wanted.subject}”`] = () => go({ subject: "" });
  for (const name of [...TRAITS.map((kind) => kind.name), "label", "album"]) {
    for (const value of wanted[name]) ways[`Without “${value}”`] = () => go({ [name]: wanted[name].filter((other) => other !== value) });
  }
  if (wanted.taken_from || wanted.taken_to) ways["Taken at any time"] = () => go({ taken_from: "", taken_to: "" });
  const words = wanted.q.split(/[\s"“”„]+/).filter((word) => word && !word.startsWith("-"));
  const longest = [...words].sort((one, other) => other.length - one.length)[0];
  if (words.length > 1) ways[`Only “${longest}”`] = () => go({ q: longest });
  ways["All photographs"] = () => go({ ...UNBOUND(), ...ANY_TIME, q: "", label: [], album: [], similar: "", crop: "" });
  const hint = Object.keys(ways).length > 1 ? "Loosen the search a little:" : "Try other words: a thing, a colour, a place, what is happening.";
  explain("Nothing found", [...hints.map(({ message }) => message), hint].join(" "), ways);
}
