// The chips above the grid: what is chosen, and what else the photographs offer, with counts.
import { byId, make } from "./dom.js";
import { TRAITS } from "./kinds.js";

// Where the name in CSS is not what people mean, or is missing.
const SHADES = { brown: "#8b5a2b", blond: "#e6c87a", blonde: "#e6c87a", colourful: "linear-gradient(90deg, #e33, #3a3, #36e)" };

/**
 * @typedef {{value: string, count: number}} Counted
 * @typedef {Record<string, any>} Chosen one subject with lists of what is bound to it, and of what is seen
 */

/**
 * @param {Record<string, Counted[]>} counted
 * @param {Chosen} chosen
 * @param {(change: (now: Chosen) => Partial<Chosen>) => void} choose of what is chosen by then, which may be more than is shown here
 * @param {(() => void) | null} clear null where there is nothing to clear
 */
export function showFacets(counted, chosen, choose, clear) {
  const focused = document.activeElement?.closest("#refine .chip")?.getAttribute("data-facet");
  const groups = [
    group("Subjects", "subject", counted.subjects, chosen.subject ? [chosen.subject] : [], 8, (value, isOn) => choose(() => ({ subject: isOn ? "" : value }))),
    ...[...TRAITS, { name: "label", plural: "labels", title: "Seen or filed under" }, { name: "album", plural: "albums", title: "Albums" }].map(({ name, plural, title }) =>
      group(title, name, counted[plural], chosen[name], 7, (value, isOn) => choose((now) => ({ [name]: [...now[name].filter((other) => other !== value), ...(isOn ? [] : [value])] }))),
    ),
  ].filter((one) => one !== null);
  const away = clear && make("button", { class: "chip away", type: "button", textContent: "Clear all", onclick: clear });
  byId("refine").replaceChildren(...(away ? [away] : []), ...groups);
  if (focused) byId("refine").querySelector(`[data-facet="${CSS.escape(focused)}"]`)?.focus();
}

/** What is chosen comes first, and stays even where nothing was found that could be counted. */
function group(label, facet, counted = [], chosen, most, toggle) {
  const counts = new Map(counted.map(({ value, count }) => [value, count]));
  const values = [...new Set([...chosen, ...counts.keys()])].slice(0, Math.max(most, chosen.length));
  if (!values.length) return null;
  const chips = values.map((value) => chip(facet, value, counts.get(value) ?? 0, chosen.includes(value), toggle));
  return make("div", { class: "facet", role: "group", "aria-label": label }, make("span", { class: "label", "aria-hidden": "true", textContent: label }), make("div", { class: "chips" }, ...chips));
}

function chip(facet, value, count, isOn, toggle) {
  const dot = facet === "colour" ? make("i") : null;
  dot?.style.setProperty("--dot", SHADES[value] ?? value);
  const properties = { class: "chip", type: "button", "aria-pressed": String(isOn), "data-facet": `${facet}:${value}`, onclick: () => toggle(value, isOn) };
  return make("button", properties, dot, value, make("small", { textContent: String(count) }));
}
