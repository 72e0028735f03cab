// Where the tiles of a grid lie: justified rows, by the shapes of photographs and the length of their texts alone. No DOM.

/**
 * @typedef {{caption: number, chips: number[][], why: number, remedies: number[]}} Says widths of a tile's texts, in their own font sizes
 * @typedef {{key: string, ratio: number, says: Says}} Placed
 * @typedef {{row: number, gap: number, rowGap: number, rem: number, font: number}} Sizes in pixels; the font is the caption's
 * @typedef {{top: number, height: number, from: number, to: number, high: number, lefts: number[], widths: number[]}} Row the tiles `from` to `to`, with pictures that are so `high`
 * @typedef {{key: string, title: string, items: import("./tiles.js").Item[], missing: number, load: (() => Promise<void>) | null}} Section photographs one after the other, of which some may not be loaded yet
 * @typedef {{top: number, height: number, section: Section, row: Row | null}} Band across the grid: a row, or with null what is missing
 * @typedef {Map<Section, {rows: Row[], items: import("./tiles.js").Item[]}>} Laid what was laid out already
 */

const TITLE = 2.6; // rem
const HIGHEST = 1.7; // of a row's height, where a lone portrait fills it
const [CHIP_FONT, WHY_FONT, BUTTON_FONT] = [0.75, 0.78, 0.82]; // rem, as in style.css
const LINE = 1.35;
const WRAPPED = 1.12; // lines are not filled to their ends

/**
 * Lay photographs out in rows that reach both edges, but for the last one.
 * @param {Placed[]} items @param {number} width @param {Sizes} sizes
 * @returns {Row[]}
 */
export function rowsOf(items, width, sizes) {
  const rows = [];
  let [from, sum, top] = [0, 0, 0];
  const close = (to, isLast) => {
    const room = width - sizes.gap * (to - from - 1);
    const unit = isLast ? Math.min(sizes.row, room / sum) : room / sum;
    const [lefts, widths] = [[], []];
    let left = 0;
    for (let at = from; at < to; at += 1) {
      const right = left + items[at].ratio * unit;
      lefts.push(Math.round(left));
      widths.push(Math.round(right) - Math.round(left));
      left = right + sizes.gap;
    }
    const high = Math.round(Math.min(unit, sizes.row * HIGHEST));
    let text = 0;
    for (let at = from; at < to; at += 1) text = Math.max(text, textHeight(items[at].says, widths[at - from], sizes));
    const height = high + Math.ceil(text) + Math.round(sizes.rowGap);
    rows.push({ top, height, from, to, high, lefts, widths });
    [from, sum, top] = [to, 0, top + height];
  };
  items.forEach(({ ratio }, at) => {
    if (at > from && (sum + ratio) * sizes.row + sizes.gap * (at - from) > width) close(at, false);
    sum += ratio;
  });
  if (items.length) close(items.length, true);
  return rows;
}

/** How high a tile's texts are at most. @param {Says} says @param {number} width @param {Sizes} sizes */
function textHeight({ caption, chips, why, remedies }, width, { rem, font }) {
  const inside = width - 0.4 * rem;
  let height = 0.5 * rem + (caption * font > inside ? 2 : 1) * font * LINE;
  for (const group of chips) height += 0.35 * rem + wrapped(group.map((em) => em * CHIP_FONT * rem + rem + 2), inside, 0.25 * rem) * (CHIP_FONT * 1.5 * rem + 2 + 0.25 * rem) - 0.25 * rem;
  if (why) height += 0.2 * rem + (why * WHY_FONT * rem > inside ? Math.ceil((why * WHY_FONT * rem * WRAPPED) / inside) : 1) * WHY_FONT * LINE * rem;
  if (remedies.length) height += 0.4 * rem + wrapped(remedies.map((em) => em * BUTTON_FONT * rem + 1.5 * rem + 2), width - 0.2 * rem, 0.35 * rem) * (BUTTON_FONT * 1.5 * rem + 0.65 * rem + 2);
  return height;
}

/** How many lines boxes take. */
function wrapped(widths, room, gap) {
  let [lines, used] = [1, 0];
  for (const width of widths) {
    if (used && used + gap + width > room) [lines, used] = [lines + 1, 0];
    used += (used ? gap : 0) + width;
  }
  return lines;
}

/** How high so many photographs are about, of which nothing is known. @param {number} count @param {number} width @param {Sizes} sizes */
export function estimate(count, width, { row, gap, rowGap, font }) {
  const beside = Math.max(1, Math.floor((width + gap) / (1.4 * row + gap)));
  return Math.ceil(count / beside) * Math.round(row * 1.1 + 3.4 * font + rowGap);
}

/**
 * Stack sections: their titles, their rows, and room for what is missing.
 * @param {Section[]} sections @param {Laid} laid @param {number} width @param {Sizes} sizes
 * @returns {{bands: Band[], heads: {top: number, section: Section}[], height: number}}
 */
export function stacked(sections, laid, width, sizes) {
  const [bands, heads] = [[], []];
  let top = 0;
  for (const section of sections) {
    heads.push({ top, section });
    if (isTitled(section)) top += Math.round(titleHeight(sizes));
    if (!laid.has(section)) laid.set(section, { rows: rowsOf(section.items, width, sizes), items: [...section.items] });
    const { rows } = laid.get(section);
    for (const row of rows) bands.push({ top: top + row.top, height: row.height, section, row });
    const last = rows.at(-1);
    if (last) top += last.top + last.height;
    if (!section.load) continue;
    const height = estimate(Math.max(1, section.missing), width, sizes);
    bands.push({ top, height, section, row: null });
    top += height;
  }
  return { bands, heads, height: Math.max(0, top - sizes.rowGap) };
}

export const isTitled = ({ title, items, load, key }) => Boolean(title && (items.length || load || key === "undated"));
export const titleHeight = ({ rem }) => TITLE * rem;

/** The place of the first band that ends below a height. @param {Band[]} bands @param {number} top */
export function firstBelow(bands, top) {
  let [low, high] = [0, bands.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bands[middle].top + bands[middle].height > top) high = middle;
    else low = middle + 1;
  }
  return low;
}
