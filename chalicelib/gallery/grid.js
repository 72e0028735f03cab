// The grid of photographs: what it holds, and moving among it with the keyboard. `pane.js` shows the part near the window.
import { call } from "./api.js";
import { byId } from "./dom.js";
import * as pane from "./pane.js";
import { isOver } from "./session.js";
import { blank, isUnfinished, isWaiting, onBroken, tile } from "./tiles.js";

export { decorate } from "./pane.js";
export { onOpen, onUnfinished, tile } from "./tiles.js";

/** @typedef {import("./tiles.js").Item} Item */

const WATCH_MS = 2500;
const SKELETONS = [1.5, 0.8, 1.33, 1, 1.78, 0.75, 1.4, 1.5, 1, 1.33, 1.6, 0.8];
const renewed = new Set();

const whole = (items = []) => ({ key: "", title: "", items, missing: 0, load: null });
pane.replace([whole()]);
pane.listen();
onBroken(renew);

/** Links age: ask once for a fresh record where a picture does not load. */
async function renew(id) {
  if (renewed.has(id)) return;
  renewed.add(id);
  refresh(await call("GET", `images/${encodeURIComponent(id)}`));
}

/** Look again, every few seconds, at photographs that wait for a caption. */
export async function watchWaiting() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    if (document.hidden) continue;
    // One whose form has ended meanwhile still looks as if it waited.
    const looksSo = (image) => isWaiting(image) || element(image.id)?.classList.contains("waiting");
    for (const { image: before } of shown().filter(({ image }) => looksSo(image)).slice(0, 8)) {
      if (isOver()) break;
      const image = await call("GET", `images/${encodeURIComponent(before.id)}`).catch(() => null);
      if (image && (image.state !== "pending" || isUnfinished(image))) refresh(image);
    }
  }
}

export const clear = () => pane.replace([whole()]);

/** Show more at the end. @param {...Item} items */
export function append(...items) {
  const last = pane.sections[pane.sections.length - 1];
  pane.update(() => last.items.push(...items), last);
}

/** Stand-ins of various shapes, while an answer is on its way. */
export const skeletons = () => pane.replace([whole(SKELETONS.map(blank))]);

/** Show a tile first, and nowhere else. @param {Item} item */
export function prepend(item) {
  const old = sectionOf(item.key);
  const first = pane.sections[0];
  pane.update(() => {
    if (old) take(old, item.key);
    first.items.unshift(item);
  }, first, ...(old ? [old] : []));
  pane.redraw(item);
}

/** Show a photograph's record anew where it is in the grid. @param {any} image */
export function refresh(image) {
  const section = sectionOf(image.id);
  if (!section) return;
  const item = tile(image);
  pane.update(() => (section.items[place(section, image.id)] = item), section);
  pane.redraw(item);
}

/** Take a photograph away, and leave the focus with its neighbour. @param {string} id @returns {() => void} puts it back */
export function remove(id) {
  const section = sectionOf(id);
  if (!section) return () => {};
  const hadFocus = id === focused() || document.activeElement === document.body;
  const [after, before] = [beside(id, 1), beside(id, -1)];
  const item = section.items[place(section, id)];
  pane.update(() => take(section, id), section);
  if (hadFocus) pane.reveal(after ?? before ?? "")?.querySelector("button").focus();
  return () => {
    if (!pane.sections.includes(section) || sectionOf(id)) return;
    const next = after ? place(section, after) : -1;
    pane.update(() => section.items.splice(next < 0 ? section.items.length : next, 0, item), section);
    pane.reveal(id)?.querySelector("button").focus();
  };
}

const take = (section, key) => section.items.splice(place(section, key), 1);
const place = (section, key) => section.items.findIndex((item) => item.key === key);
const sectionOf = (key) => pane.sections.find((section) => place(section, key) >= 0);
const focused = () => document.activeElement?.closest("#grid .tile")?.getAttribute("data-id");

/** The photograph before or after another, null where there is none or it is not loaded. @param {string} id @param {1 | -1} step @returns {string | null} */
export function beside(id, step) {
  const section = sectionOf(id);
  if (!section) return null;
  const near = section.items[place(section, id) + step];
  if (near) return near.key;
  if (step > 0 && section.load) return null;
  const other = pane.sections[pane.sections.indexOf(section) + step];
  return (step < 0 && other?.load ? null : other?.items.at(step > 0 ? 0 : -1)?.key) ?? null;
}

/** Whether there is a photograph beside another that is not loaded yet. @param {string} id @param {1 | -1} step */
export const isMissing = (id, step) => !beside(id, step) && Boolean(missing(id, step));

/** Load what is beside a photograph. @param {string} id @param {1 | -1} step */
export async function loadBeside(id, step) {
  for (let section = missing(id, step); section && !beside(id, step); section = missing(id, step)) {
    const had = section.items.length;
    await pane.load(section);
    if (section.load && section.items.length === had) return; // it did not work
  }
}

/** The section in which a photograph beside another is missing. */
function missing(id, step) {
  const section = sectionOf(id);
  if (!section || section.items[place(section, id) + step]) return null;
  const at = pane.sections.indexOf(section);
  return [step > 0 ? section : null, pane.sections[at + step]].find((one) => one?.load) ?? null;
}

/** The photographs from one to another, in order, as far as they are loaded. @param {string} one @param {string} other @returns {string[]} */
export function between(one, other) {
  const keys = ids();
  const [from, to] = [keys.indexOf(one), keys.indexOf(other)].sort((left, right) => left - right);
  return from < 0 ? [] : keys.slice(from, to + 1);
}

/** Give a photograph the focus, unless something else on the page has it by now. @param {string} id */
export function focus(id) {
  const now = document.activeElement;
  const isElsewhere = now !== document.body && !now?.closest("#grid, #detail"); // a closed dialog may have it for a moment
  if (!isElsewhere) pane.reveal(id)?.querySelector("button").focus();
}

const shown = () => pane.all().filter(({ image }) => image);

/** The photographs in their order, as far as they are loaded. @returns {string[]} */
export const ids = () => shown().map(({ key }) => key);

/** What is known of the photographs that are loaded, in their order. @returns {any[]} */
export const records = () => shown().map(({ image }) => image);

/** The tile of a photograph that is near the window. @param {string} id */
export const element = (id) => byId("grid").querySelector(`[data-id="${CSS.escape(id)}"]`);

/** How many photographs are loaded. */
export const count = () => shown().length;

/** What is known of a photograph in the grid. @param {string} id */
export const known = (id) => shown().find(({ key }) => key === id)?.image;

/** Move the focus with the arrow keys; up and down go to what lies nearest. */
export function listenToArrows() {
  byId("grid").addEventListener("keydown", async (event) => {
    const id = event.target.closest(".tile > button") && focused();
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!id || !step) return;
    event.preventDefault();
    const isAside = event.key === "ArrowRight" || event.key === "ArrowLeft";
    let there = isAside ? beside(id, step) : nearest(id, step);
    if (!there && isMissing(isAside ? id : atEnd(id, step), step)) {
      await loadBeside(isAside ? id : atEnd(id, step), step);
      if (focused() !== id) return;
      there = isAside ? beside(id, step) : nearest(id, step);
    }
    if (there) pane.reveal(there)?.querySelector("button").focus();
  });
}

/** The first or last photograph of a row. */
function atEnd(id, step) {
  const { items, row } = pane.rows().find((one) => placeIn(one, id) >= 0) ?? {};
  return row ? items[step > 0 ? row.to - 1 : row.from].key : id;
}

const placeIn = ({ items, row }, id) => {
  for (let at = row.from; at < row.to; at += 1) if (items[at].key === id) return at - row.from;
  return -1;
};

/** The photograph of the next row whose middle is nearest. */
function nearest(id, step) {
  const rows = pane.rows();
  const at = rows.findIndex((one) => placeIn(one, id) >= 0);
  const there = rows[at + step];
  if (!there || isMissing(atEnd(id, step), step)) return null;
  const middle = ({ row }, place) => row.lefts[place] + row.widths[place] / 2;
  const from = middle(rows[at], placeIn(rows[at], id));
  const distance = (place) => Math.abs(middle(there, place) - from);
  const places = there.row.lefts.map((_, place) => place).sort((one, other) => distance(one) - distance(other));
  return there.items[there.row.from + places[0]].key;
}
