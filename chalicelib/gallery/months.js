// Photographs in order of time, in months: each holds as much room as its photographs need, and loads them when it comes near the window.
import { call, queryString } from "./api.js";
import * as pane from "./pane.js";
import { tile } from "./tiles.js";
import { say } from "./toast.js";

/**
 * @typedef {{value: string, count: number}} Counted
 * @typedef {{from: string, to: string}} Days the first and the last of a month
 * @typedef {{by: "added" | "taken", isOldest: boolean, total: number | null, ask: (days: Days, paging: {limit: number, cursor: string}) => Promise<{cursor: string | null, tiles: import("./tiles.js").Item[]}>}} View
 */

const WORTH = 300; // photographs, below which all are soon scrolled through
const PAGE = 100;
const PATIENCE_MS = 5000;
const UNSEARCHED = ["failed", "expired", "pending"]; // states that no search finds

/**
 * Divide what is in the grid into months, and leave it as it is where there are few photographs.
 * @param {Counted[]} counted the months with their photographs, the latest first @param {View} view
 * @returns {boolean} whether it is divided
 */
export function divide(counted, view) {
  if (counted.reduce((sum, { count }) => sum + count, 0) <= WORTH) return false;
  const loaded = pane.all();
  const months = (view.isOldest ? [...counted].reverse() : counted).map(({ value, count }) => month(value, count, view));
  for (const item of loaded) into(months, item, view);
  const undated = view.total === null ? 0 : view.total - counted.reduce((sum, { count }) => sum + count, 0);
  if (undated > 0) months.push({ key: "undated", title: `${undated.toLocaleString()} more have no date: they are found in the order of adding`, items: [], missing: 0, load: null });
  pane.openEnded(false);
  pane.replace(months);
  return true;
}

/** @param {string} value such as "2024-05" @param {number} count @param {View} view @returns {pane.Section} */
function month(value, count, view) {
  const [year, number] = value.split("-").map(Number);
  const days = { from: `${value}-01`, to: new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10) };
  let cursor = "";
  const section = /** @type {pane.Section} */ ({ key: value, title: named(value), items: [], missing: count, load: null });
  section.load = async () => {
    try {
      const page = await view.ask(days, { limit: PAGE, cursor });
      if (!pane.sections.includes(section)) return;
      cursor = page.cursor ?? "";
      pane.update(() => {
        merge(section, page.tiles, view);
        section.missing = cursor ? Math.max(0, count - section.items.length) : 0;
        if (!cursor) section.load = null;
      }, section);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      say(problem.message);
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    }
  };
  return section;
}

const named = (value) => new Date(`${value}-01T00:00Z`).toLocaleString(undefined, { month: "long", year: "numeric", timeZone: "UTC" });
const moment = ({ image }, { by }) => Date.parse(by === "added" ? image.created_at : `${image.taken_at}Z`);

/** Add what is not there yet, in the order of time; what is there keeps its order. */
function merge(section, items, view) {
  const known = new Set(section.items.map(({ key }) => key));
  const sign = view.isOldest ? 1 : -1;
  section.items.push(...items.filter(({ key }) => !known.has(key)));
  section.items.sort((one, other) => sign * (moment(one, view) - moment(other, view)));
}

/** Put a photograph into its month, which there may be for no other. */
function into(months, item, view) {
  const value = new Date(moment(item, view)).toISOString().slice(0, 7);
  let section = months.find(({ key }) => key === value);
  if (!section) {
    const at = months.findIndex(({ key }) => (view.isOldest ? key > value : key < value));
    section = { ...month(value, 0, view), load: null };
    months.splice(at < 0 ? months.length : at, 0, section);
  }
  merge(section, [item], view);
  section.missing = Math.max(0, section.missing - 1);
  return section;
}

/** Add the photographs that no search finds, but the listing shows. @param {AbortSignal} signal @param {View} view */
export async function addUnsearched(signal, view) {
  for (const state of UNSEARCHED) {
    let cursor = "";
    do {
      const page = await call("GET", `images?${queryString({ state, limit: PAGE, cursor })}`, { signal });
      if (signal.aborted) return;
      cursor = page.cursor ?? "";
      const shown = new Set(pane.all().map(({ key }) => key));
      const fresh = page.items.filter(({ id }) => !shown.has(id)).map((image) => tile(image));
      if (fresh.length) pane.update(() => fresh.forEach((item) => into(pane.sections, item, view)), ...pane.sections);
    } while (cursor);
  }
}

/** Come back to a place, and load what is there. @param {pane.Anchor} anchor @returns {Promise<boolean>} whether it is there */
export async function comeBack(anchor) {
  const section = pane.sections.find(({ key }) => key === anchor.section);
  if (section?.load) pane.restore({ ...anchor, key: "" });
  while (!pane.restore(anchor)) {
    const had = section?.items.length;
    if (!section?.load) return false;
    await pane.load(section);
    if (section.load && section.items.length === had) return false;
  }
  return true;
}
