// The part of the grid that is near the window: only its tiles are in the page, each at the place that the layout gives it.
import { byId, make } from "./dom.js";
import { firstBelow, isTitled, stacked, titleHeight } from "./layout.js";
import { drawn, drawnBlank } from "./tiles.js";

/**
 * @typedef {import("./tiles.js").Item} Item
 * @typedef {import("./layout.js").Section} Section
 * @typedef {import("./layout.js").Band} Band
 */

const AROUND = 0.9; // of the window's height, above and below it
const AHEAD = 1.5; // likewise: what is missing there is asked for
const LOAD_MS = 80;
const AT_ONCE = 2;

const box = () => byId("grid");
/** @type {Section[]} */
export let sections = [];
/** @type {Map<string, any>} */
const tiles = new Map();
/** @type {Map<Section, {rows: import("./layout.js").Row[], items: Item[]}>} */
const laid = new Map();
/** @type {Band[]} */
let bands = [];
let heads = /** @type {{top: number, section: Section}[]} */ ([]);
let width = 0;
let height = 0; // of all
let seen = { top: 0, covered: 0 }; // how far the window's top is below the grid's, and what lies over it
let around = ""; // which titles and gaps are in the page
let sizes = /** @type {import("./layout.js").Sizes | null} */ (null);
let isPrinting = false;
/** @type {Set<(element: any, item: Item) => void>} */
const decorators = new Set();
/** @type {Set<() => void>} */
const watchers = new Set();

/** @param {(element: any, item: Item) => void} hook called with each tile that comes into the page, as it may more than once */
export function decorate(hook) {
  decorators.add(hook);
  for (const item of all()) if (tiles.has(item.key)) hook(tiles.get(item.key), item);
}

/** @param {() => void} watcher called after the layout, or what is seen of it, has changed */
export const onMoved = (watcher) => watchers.add(watcher);

/** All that is loaded, in order. */
export const all = () => sections.flatMap(({ items }) => items);

/** Show other sections, from the top. @param {Section[]} fresh */
export function replace(fresh) {
  for (const element of tiles.values()) element.remove();
  tiles.clear();
  laid.clear();
  sections = fresh;
  place();
}

/** Change what the sections hold, and leave what is seen where it is. @param {() => void} change @param {Section[]} touched */
export function update(change, ...touched) {
  const anchor = anchored();
  change();
  for (const section of touched) laid.delete(section);
  place(anchor);
}

/** Draw a tile anew where it is in the page. @param {Item} item */
export function redraw(item) {
  const old = tiles.get(item.key);
  if (!old) return;
  const hadFocus = old.contains(document.activeElement);
  tiles.delete(item.key);
  const fresh = tileOf(item);
  old.replaceWith(fresh);
  render();
  if (hadFocus) fresh.querySelector("button").focus({ preventScroll: true });
}

// ---- Where things lie ----------------------------------------------------------------------------

function measure() {
  const style = getComputedStyle(box());
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const px = (name) => parseFloat(style.getPropertyValue(name));
  sizes = { row: px("--row"), gap: px("column-gap"), rowGap: px("row-gap"), rem, font: px("--caption") * rem };
}

function place(anchor = null) {
  const now = box().clientWidth;
  if (!now) return; // another view stands in its place
  if (now !== width) laid.clear();
  width = now;
  measure();
  ({ bands, heads, height } = stacked(sections, laid, width, sizes));
  box().style.height = `${height}px`;
  around = "";
  for (const element of tiles.values()) element.stale = true;
  if (anchor) restore(anchor);
  render();
}

/** How far the window's top is below the grid's. */
const scrolled = () => -box().getBoundingClientRect().top;
/** The height of what lies over the top of the page. */
const covered = () => /** @type {any} */ (document.querySelector(".top")).offsetHeight;

const bandAt = (top) => firstBelow(bands, top);

/** @typedef {{key: string, section: string, below: number, share: number}} Anchor a tile and how far below its top, or with "" the share of a section */

/** What is at the top of the window, null where that is not in the grid. @returns {Anchor | null} */
export function anchored() {
  const top = scrolled() + covered();
  const band = scrolled() > 0 ? bands[bandAt(top)] : null;
  if (!band) return null;
  const { top: begin, height } = spread(band.section);
  return { key: band.row ? laid.get(band.section).items[band.row.from].key : "", section: band.section.key, below: top - band.top, share: (top - begin) / height };
}

/** Where a section lies, with what is missing of it. @param {Section} section */
function spread(section) {
  const at = heads.findIndex((head) => head.section === section);
  return { top: heads[at].top, height: (heads[at + 1]?.top ?? height) - heads[at].top };
}

/** Scroll so that something is at the top of the window again. @param {Anchor} anchor @returns {boolean} whether it is there */
export function restore({ key, section, below, share }) {
  const band = key && bands.find((one) => one.row && holds(one, key));
  const head = heads.find((one) => one.section.key === section);
  if (!band && (key || !head)) return false;
  const { top, height } = band ? { top: band.top + below, height: 0 } : spread(head.section);
  const by = top + share * height - covered() - scrolled();
  if (Math.abs(by) >= 0.5) scrollBy({ top: by, behavior: "instant" });
  return true;
}

function holds({ section, row }, key) {
  const { items } = laid.get(section);
  for (let at = row.from; at < row.to; at += 1) if (items[at].key === key) return true;
  return false;
}

/** How high all is, where sections begin, and which part of it is at the top of the window. */
export const extent = () => ({ heads, height, top: seen.top + seen.covered });

/** Scroll to a height of the grid. @param {number} top */
export function scrollToHeight(top) {
  scrollTo({ top: Math.max(0, Math.round(top + scrollY - scrolled() - covered())), behavior: "instant" });
  render();
}

// ---- What is in the page -------------------------------------------------------------------------

function tileOf(item) {
  const known = tiles.get(item.key);
  if (known) return known;
  const element = item.image ? drawn(item) : drawnBlank();
  element.stale = true;
  tiles.set(item.key, element);
  if (item.image) for (const hook of decorators) hook(element, item);
  return element;
}

function put(element, band, at, position) {
  const { row } = band;
  element.style.cssText = `left:${row.lefts[at - row.from]}px;top:${band.top}px;width:${row.widths[at - row.from]}px;height:${band.height}px;--high:${row.high}px`;
  element.setAttribute("aria-posinset", String(position + 1));
  element.stale = false;
}

/** Bring the tiles near the window into the page, and take the others out. */
function render() {
  if (!width) return;
  const [top, tall] = [scrolled(), innerHeight];
  seen = { top, covered: covered() };
  const beyond = isPrinting ? 20 * tall : AROUND * tall;
  const focused = document.activeElement?.closest("#grid .tile[data-id]")?.getAttribute("data-id");
  const [first, last] = [bandAt(top - beyond), bandAt(top + tall + beyond)];
  const shown = [];
  const show = (band) => {
    const { items } = laid.get(band.section);
    const before = beforeSection(band.section);
    for (let at = band.row.from; at < band.row.to; at += 1) shown.push([items[at], band, at, before + at]);
  };
  const kept = focused ? bands.findIndex((band) => band.row && holds(band, focused)) : -1;
  if (kept >= 0 && kept < first) show(bands[kept]);
  for (let at = first; at <= last && at < bands.length; at += 1) if (bands[at].row) show(bands[at]);
  if (kept > last) show(bands[kept]);
  const keys = new Set(shown.map(([item]) => item.key));
  for (const [key, element] of tiles) if (!keys.has(key)) (element.remove(), tiles.delete(key));
  const size = String(total());
  let next = box().firstElementChild;
  while (next && !next.matches(".tile")) next = next.nextElementSibling;
  for (const [item, band, at, position] of shown) {
    const element = tileOf(item);
    if (element.stale) put(element, band, at, position);
    if (item.image && element.getAttribute("aria-setsize") !== size) element.setAttribute("aria-setsize", size);
    if (element === next) next = next.nextElementSibling;
    else box().insertBefore(element, next);
  }
  surround(top - beyond, top + tall + beyond);
  askFor(top, tall);
  for (const watcher of watchers) watcher();
}

/** How many photographs there are; -1 where that is not known. */
let isOpenEnded = false;
export const openEnded = (isSo) => (isOpenEnded = isSo);
const total = () => (isOpenEnded ? -1 : sections.reduce((sum, { items, missing }) => sum + items.length + missing, 0));

function beforeSection(section) {
  let sum = 0;
  for (const one of sections) {
    if (one === section) return sum;
    sum += one.items.length + one.missing;
  }
  return sum;
}

/** Draw titles of sections, and what stands for photographs that are missing. */
function surround(from, to) {
  const tall = titleHeight(sizes);
  const titles = heads.filter(({ top, section }) => isTitled(section) && top < to && top + tall > from);
  const gaps = bands.slice(bandAt(from), bandAt(to) + 1).filter((band) => !band.row);
  const key = JSON.stringify([...titles, ...gaps].map(({ top }) => top));
  if (key === around) return;
  around = key;
  for (const old of box().querySelectorAll(":scope > .month, :scope > .gap")) old.remove();
  const at = (kind, top, high, textContent = "") => {
    const one = make("span", { class: kind, "aria-hidden": "true", textContent });
    one.style.cssText = `top:${top}px;height:${high}px`;
    return one;
  };
  box().prepend(...titles.map(({ top, section }) => at("month", top, tall, section.title)), ...gaps.map(({ top, height: high }) => at("gap", top, high - sizes.rowGap)));
}

let waiting = 0;
const loading = new Set();

/** Load what is missing near the window, unless it is only passed by. */
function askFor(top, tall) {
  if (waiting || !bands.slice(bandAt(top - AHEAD * tall), bandAt(top + (1 + AHEAD) * tall) + 1).some((band) => !band.row)) return;
  waiting = setTimeout(() => {
    waiting = 0;
    const [now, middle] = [scrolled(), scrolled() + innerHeight / 2];
    const far = ({ top: begin, height }) => Math.max(begin - middle, middle - begin - height);
    const near = bands.slice(bandAt(now - AHEAD * innerHeight), bandAt(now + (1 + AHEAD) * innerHeight) + 1).filter((band) => !band.row && !loading.has(band.section));
    for (const { section } of near.sort((one, other) => far(one) - far(other)).slice(0, AT_ONCE - loading.size)) load(section);
  }, LOAD_MS);
}

/** Load more of a section. @param {Section} section */
export async function load(section) {
  if (loading.has(section) || !section.load) return;
  loading.add(section);
  try {
    await section.load();
  } finally {
    loading.delete(section);
    render();
  }
}

// ---- What moves it -------------------------------------------------------------------------------

let frame = 0;
/** Follow scrolling, the window's size, and printing, which shows more at once. */
export function listen() {
  document.addEventListener("scroll", () => (frame ||= requestAnimationFrame(() => ((frame = 0), render()))), { passive: true });
  new ResizeObserver(() => box().clientWidth !== width && update(() => laid.clear())).observe(box());
  addEventListener("resize", render);
  addEventListener("beforeprint", () => ((isPrinting = true), render()));
  addEventListener("afterprint", () => ((isPrinting = false), render()));
}

/** A photograph's tile, null where it is not in the page. @param {string} key @returns {any} */
export const element = (key) => tiles.get(key) ?? null;

/** Bring a photograph's tile into the page, and into the window. @param {string} key @returns {any} its element */
export function reveal(key) {
  const band = bands.find((one) => one.row && holds(one, key));
  if (!band) return null;
  if (!tiles.has(key)) {
    const top = band.top - (innerHeight - band.height) / 2;
    scrollBy({ top: top - scrolled(), behavior: "instant" });
    render();
  }
  return tiles.get(key);
}

/** The rows, in order, with where their tiles lie. */
export const rows = () => bands.filter((band) => band.row).map(({ section, row }) => ({ row, items: laid.get(section).items }));
