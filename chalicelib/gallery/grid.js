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

/**
 * Take photographs away, and leave the focus with a neighbour.
 * @param {string[]} ids
 * @returns {(images: any[]) => void} puts some of them back where they were, as they are by now
 */
export function remove(ids) {
  const gone = new Set(ids);
  const touched = pane.sections.filter(({ items }) => items.some(({ key }) => gone.has(key)));
  if (!touched.length) return () => {};
  const former = new Map(touched.map((section) => [section, section.items]));
  const now = focused();
  const hadFocus = gone.has(now) || document.activeElement === document.body;
  const heir = hadFocus ? heirOf(gone.has(now) ? now : ids[0], gone) : null;
  pane.update(() => {
    for (const section of touched) section.items = section.items.filter(({ key }) => !gone.has(key));
  }, ...touched);
  if (hadFocus) pane.reveal(heir ?? "")?.querySelector("button").focus();
  return (images) => {
    const present = new Set(pane.all().map(({ key }) => key));
    const back = new Map(images.filter(({ id }) => !present.has(id)).map((image) => [image.id, image]));
    const there = touched.filter((section) => pane.sections.includes(section));
    pane.update(() => {
      for (const section of there) section.items = rejoined(section.items, former.get(section), back);
    }, ...there);
    const first = pane.all().find(({ key }) => back.has(key));
    if (first) pane.reveal(first.key)?.querySelector("button").focus();
  };
}

/** The photograph that follows another, or else comes before it, and is not gone. */
function heirOf(id, gone) {
  const section = sectionOf(id);
  const isLeft = ({ key }) => !gone.has(key);
  const all = pane.all();
  const at = all.findIndex(({ key }) => key === id);
  const after = section?.load ? section.items.slice(place(section, id)) : all.slice(Math.max(0, at));
  return (after.find(isLeft) ?? all.slice(0, Math.max(0, at)).findLast(isLeft))?.key;
}

/** Put each before the first that stood behind it and still is there. */
function rejoined(items, former, back) {
  const places = new Map(items.map(({ key }, at) => [key, at]));
  const before = Array.from({ length: items.length + 1 }, () => []);
  let next = items.length;
  for (const { key, highlight, why, matched } of [...former].reverse()) {
    next = places.get(key) ?? next;
    if (back.has(key)) before[next].push(tile(back.get(key), highlight, why, matched));
  }
  return before.flatMap((put, at) => [...put.reverse(), ...items.slice(at, at + 1)]);
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
export const element = pane.element;

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
