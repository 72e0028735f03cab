// What is searched for: kept in the address, asked of the API, shown in the grid.
import { ApiProblem, call, queryString } from "./api.js";
import { byId, icon, make } from "./dom.js";
import * as grid from "./grid.js";

const FACETS = "subjects,colours,actions";
const PAGE = 40;
// Where the name in CSS is not what people mean, or is missing.
const SHADES = { brown: "#8b5a2b", blond: "#e6c87a", blonde: "#e6c87a", colourful: "linear-gradient(90deg, #e33, #3a3, #36e)" };
const NOTHING = { q: "", subject: "", colour: [], action: [], similar: "", crop: "" };
/** A search by an image cannot stand in the address: it lives until the next search. */
let picture = /** @type {{image: string, crop: any, name: string} | null} */ (null);
let wanted = { ...NOTHING };
let cursor = null;
let running = new AbortController();

/** Begin a new search, leaving it in the history. @param {Partial<typeof NOTHING>} changes */
export function go(changes, { fresh = false } = {}) {
  picture = null;
  wanted = { ...(fresh ? NOTHING : wanted), ...changes };
  history.pushState(null, "", `${location.pathname}#${queryString(wanted)}`);
  return show();
}

/** Search by an image. @param {{image: string, crop: any, name: string}} given */
export function goByImage(given) {
  wanted = { ...NOTHING };
  history.pushState(null, "", `${location.pathname}#`);
  picture = given;
  return show();
}

/** Read the search out of the address, as after the browser's back. */
export function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const list = (name) => (given.get(name) ? given.get(name).split(",") : []);
  picture = null;
  wanted = { ...NOTHING, colour: list("colour"), action: list("action") };
  for (const name of ["q", "subject", "similar", "crop"]) wanted[name] = given.get(name) ?? "";
  return show();
}

/** Show the search from its first page. */
export async function show() {
  running.abort();
  running = new AbortController();
  cursor = null;
  byId("query").value = wanted.q;
  byId("heading").textContent = heading();
  grid.clear();
  await page(true);
}

export const more = () => page(false);

async function page(isFirst) {
  const { signal } = running;
  byId("more").disabled = true;
  byId("grid").setAttribute("aria-busy", "true");
  try {
    const answer = await ask(signal);
    if (signal.aborted) return;
    cursor = answer.cursor;
    grid.append(...answer.tiles);
    if (isFirst) await frame(answer, signal);
  } catch (problem) {
    if (problem.name !== "AbortError") explain("That did not work", problem.message);
  } finally {
    byId("more").disabled = false;
    byId("more").hidden = !cursor;
    byId("grid").removeAttribute("aria-busy");
  }
}

const isSearch = () => Boolean(wanted.q || wanted.subject || wanted.colour.length || wanted.action.length);

async function ask(signal) {
  const paging = { limit: PAGE, cursor: cursor ?? "" };
  if (picture) return found(await byPicture(paging, signal));
  if (wanted.similar) {
    const asked = queryString({ crop: wanted.crop, ...paging });
    return found(await call("GET", `images/${encodeURIComponent(wanted.similar)}/similar?${asked}`, { signal }));
  }
  if (isSearch()) {
    const { q, subject, colour, action } = wanted;
    return found(await call("GET", `search?${queryString({ q, subject, colour, action, facets: FACETS, ...paging })}`, { signal }));
  }
  const answer = await call("GET", `images?${queryString(paging)}`, { signal });
  return { cursor: answer.cursor, tiles: answer.items.map((image) => grid.tile(image)), facets: null, total: null, degraded: [] };
}

function byPicture(paging, signal) {
  const body = { image: picture.image, facets: FACETS.split(","), limit: PAGE };
  if (picture.crop) body.crop = picture.crop;
  if (paging.cursor) body.cursor = paging.cursor;
  return call("POST", "search/image", { body, signal });
}

const found = (answer) => ({ ...answer, tiles: answer.hits.map((hit) => grid.tile(hit.image, hit.highlight)) });

/** What surrounds the tiles: the count, the facets, and what to say when there are none. */
async function frame(answer, signal) {
  if (answer.total !== null && isSearch()) {
    byId("heading").append(make("small", { textContent: answer.total === 1 ? "1 photograph" : `${answer.total} photographs` }));
  }
  byId("note").hidden = !answer.degraded.length;
  byId("note").textContent = answer.degraded.length ? `Some of the search was unavailable: ${answer.degraded.join("; ")}` : "";
  byId("empty").hidden = answer.tiles.length > 0;
  if (!answer.tiles.length) sayNothingFound();
  facets(answer.facets && Object.keys(answer.facets).length ? answer.facets : await facetsOfAll(signal));
}

async function facetsOfAll(signal) {
  if (wanted.similar) return {};
  try {
    return (await call("GET", `search?state=captioned,needs_review&facets=${FACETS}&limit=1`, { signal })).facets;
  } catch (problem) {
    if (problem instanceof ApiProblem) return {}; // the photographs can be seen without their facets
    throw problem;
  }
}

function heading() {
  if (picture) return `Photographs that look like ${picture.crop ? "that part of " : ""}${picture.name}`;
  if (wanted.similar) return wanted.crop ? "Photographs that look like that part" : "Photographs that look alike";
  return isSearch() ? "Found" : "Newest photographs";
}

function sayNothingFound() {
  if (isSearch() || picture || wanted.similar) {
    const narrow = wanted.subject || wanted.colour.length || wanted.action.length;
    explain("Nothing found", narrow ? "Take one of the conditions away, or use fewer words." : "Try fewer or other words: a thing, a colour, what is happening.");
  } else {
    explain("No photographs yet", "Drop some here, or press “Add photographs”. Each gets a caption, and then can be found by what is in it.");
  }
}

function explain(title, text) {
  byId("empty").hidden = false;
  byId("empty").replaceChildren(
    icon("M4 7h3l2-3h6l2 3h3v12H4zM12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7"),
    make("h2", { textContent: title }),
    make("p", { textContent: text }),
  );
}

/** @param {Record<string, {value: string, count: number}[]>} counted */
function facets(counted) {
  const groups = [
    chips(counted.subjects, (value) => wanted.subject === value, (value) => ({ subject: wanted.subject === value ? "" : value }), 8),
    chips(counted.colours, (value) => wanted.colour.includes(value), (value) => ({ colour: toggled(wanted.colour, value) }), 7, true),
    chips(counted.actions, (value) => wanted.action.includes(value), (value) => ({ action: toggled(wanted.action, value) }), 7),
  ].filter((group) => group.length);
  const clear = isSearch() || picture || wanted.similar
    ? [make("button", { class: "chip", type: "button", textContent: "✕ Clear", onclick: () => go({}, { fresh: true }) })]
    : [];
  byId("refine").replaceChildren(...clear, ...groups.flatMap((group, at) => (at ? [make("span", { class: "gap" }), ...group] : group)));
}

const toggled = (list, value) => (list.includes(value) ? list.filter((other) => other !== value) : [...list, value]);

function chips(counted = [], isOn, change, most, isColour = false) {
  const chosen = counted.filter(({ value }) => isOn(value));
  const others = counted.filter(({ value }) => !isOn(value));
  return [...chosen, ...others].slice(0, Math.max(most, chosen.length)).map(({ value, count }) => {
    const dot = isColour ? make("i") : null;
    dot?.style.setProperty("--dot", SHADES[value] ?? value);
    const properties = { class: "chip", type: "button", "aria-pressed": String(isOn(value)), onclick: () => go({ ...change(value), similar: "", crop: "" }) };
    return make("button", properties, dot, value, make("small", { textContent: String(count) }));
  });
}
