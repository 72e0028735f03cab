// What else a search may be told: to say why, to show copies once, to show what is less relevant.
import { byId, make } from "./dom.js";

/** @typedef {{why: string, collapse: string, all: string, unlike: string[]}} Options */

const TOGGLES = /** @type {const} */ ([
  ["why", "Say why", "Say under each photograph why it was found"],
  ["collapse", "Copies once", "Of photographs that are the same picture, show the best match only"],
  ["all", "Less relevant too", "Show what follows after the relevant photographs, too"],
]);

/** What the API is asked for. @param {Options} options */
export function asParameters({ why, collapse, all, unlike }) {
  return {
    explain: why ? "true" : "",
    collapse: collapse ? "near_duplicates" : "",
    min_relevance: all ? "0" : "",
    unlike,
  };
}

/** The same for a document. @param {Options} options */
export function asFields({ why, collapse, all, unlike }) {
  return {
    ...(why && { explain: true }),
    ...(collapse && { collapse: "near_duplicates" }),
    ...(all && { min_relevance: 0 }),
    ...(unlike.length && { unlike }),
  };
}

/**
 * @param {Options} options
 * @param {((changes: Partial<Options>) => void) | null} choose null where nothing is searched for
 * @param {boolean} isCut whether there may be less relevant ones that are not shown
 */
export function showOptions(options, choose, isCut) {
  const box = byId("options");
  box.hidden = !choose;
  if (!choose) return;
  const focused = document.activeElement?.closest("#options .chip")?.getAttribute("data-option");
  const chip = (name, textContent, title, isOn, onclick) =>
    make("button", { class: "chip", type: "button", "data-option": name, "aria-pressed": String(isOn), title, textContent, onclick });
  const toggles = TOGGLES.filter(([name]) => isCut || name !== "all").map(([name, text, title]) =>
    chip(name, text, title, Boolean(options[name]), () => choose({ [name]: options[name] ? "" : "1" })));
  const away = options.unlike.length
    ? [chip("unlike", `Unlike ${options.unlike.length === 1 ? "one photograph" : `${options.unlike.length} photographs`}`, "Show those again", true, () => choose({ unlike: [] }))]
    : [];
  box.replaceChildren(...toggles, ...away);
  if (focused) /** @type {HTMLElement | null} */ (box.querySelector(`[data-option="${focused}"]`))?.focus();
}
