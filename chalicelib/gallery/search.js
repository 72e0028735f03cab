// What is searched for: kept in the address, asked of the API, shown in the grid.
import * as address from "./address.js";
import { ApiProblem, call, queryString } from "./api.js";
import { allSettled } from "./changes.js";
import { ANY_TIME, isDated, showDates } from "./dates.js";
import { open } from "./detail.js";
import { byId, make } from "./dom.js";
import { showFacets } from "./facets.js";
import * as grid from "./grid.js";
import { clauseOf, isBound, parametersOf, told, TRAITS, UNBOUND } from "./kinds.js";
import { explain, nothingToExplain, sayNothingFound } from "./messages.js";
import { addUnsearched, comeBack, divide } from "./months.js";
import { asFields, asParameters, showOptions } from "./options.js";
import { anchored, openEnded } from "./pane.js";
import { photographs } from "./removing.js";
import { showReading } from "./reading.js";
import { isOver } from "./session.js";
import { partIn, showSource, written } from "./source.js";
import { say } from "./toast.js";
import * as views from "./views.js";

const FACETS = ["subjects", ...TRAITS.map(({ plural }) => plural), "labels", "albums"].join(",");
const PAGE = 40;
const DAY_MS = 86_400_000;
const REST_MS = 150;
const MOST_UNLIKE = 10;
const NOTHING = { ...UNBOUND(), ...ANY_TIME, q: "", label: [], album: [], similar: "", crop: "", why: "", collapse: "", all: "", unlike: [] };
const LISTS = [...TRAITS.map(({ name }) => name), "label", "album", "unlike"];
const PLAIN = [...Object.keys(ANY_TIME), "q", "subject", "similar", "crop", "why", "collapse", "all"];
/** A search by an image cannot stand in the address, but in the history. */
let picture = /** @type {address.Picture | null} */ (null);
let wanted = { ...NOTHING };
let shown = ""; // which search that is
let cursor = null;
let running = new AbortController();

/** Begin a new search, leaving the former in the history. @param {Partial<typeof NOTHING>} changes */
export async function go(changes, { fresh = false, keepPicture = false } = {}) {
  if (!keepPicture) picture = null;
  wanted = { ...(fresh ? NOTHING : wanted), ...changes };
  if (!address.photo()) keepPlace();
  await address.go(wanted, picture);
  return show();
}

/** Search by an image. @param {address.Picture} given */
export async function goByImage(given) {
  wanted = { ...NOTHING };
  picture = given;
  await address.go(wanted, picture);
  return show();
}

/** Show the search that is in the address, as after the browser's back, unless it is shown. */
export async function fromAddress() {
  const given = address.read();
  const list = (name) => (given.get(name) ? given.get(name).split(",") : []);
  picture = address.kept().picture ?? null;
  wanted = { ...NOTHING };
  for (const name of LISTS) wanted[name] = list(name);
  for (const name of PLAIN) wanted[name] = given.get(name) ?? "";
  if (shown !== JSON.stringify([wanted, picture])) await show(address.kept());
}

/** Leave the search for another view, which stands in its place. */
export function leave() {
  running.abort();
  shown = "";
  byId("query").value = "";
}

/** Show the search from its first page, or from where somebody was in it. */
export async function show({ y = 0, count = 0, at = null } = {}) {
  running.abort();
  running = new AbortController();
  views.fromAddress(); // whatever else was shown is left
  const { signal } = running;
  shown = JSON.stringify([wanted, picture]);
  cursor = null;
  byId("query").value = wanted.q;
  byId("heading").textContent = heading();
  address.entitleBehind(heading());
  showSource(ofPicture(), byPart);
  showDates(wanted, { isRanked: Boolean(wanted.q || picture), isHidden: Boolean(wanted.similar) });
  nothingToExplain();
  grid.skeletons();
  byId("grid").setAttribute("aria-busy", "true");
  scrollTo(0, 0);
  if (wanted.similar) ofStored(signal);
  await allSettled(); // so that what was just written is searched, too
  if (!signal.aborted) await page(true);
  while (!signal.aborted && cursor && grid.count() < count) await page(false);
  if (!signal.aborted && y && !(at && (await comeBack(at)))) scrollTo(0, y);
}

/** What an image from outside looks like, where that is searched by. */
const ofPicture = () => picture && { src: `data:image/jpeg;base64,${picture.image}`, name: picture.name, part: picture.crop };

/** Show the stored photograph that others are compared with, unless that cannot be had. */
async function ofStored(signal) {
  const { similar, crop } = wanted;
  const image = await call("GET", `images/${encodeURIComponent(similar)}`, { signal }).catch(() => null);
  if (!image || signal.aborted) return;
  showSource({ src: image.links.display, name: image.name, part: partIn(crop), open: () => open(similar) }, byPart);
}

/** Search by another part of the same image. */
function byPart(part) {
  if (picture) picture = { ...picture, crop: part };
  return go(picture ? {} : { crop: written(part) }, { keepPicture: true });
}

const keepPlace = () => address.keepPlace(grid.count(), anchored());

/** Let back and forward come back to the place in what is shown. */
export function keepPlaces() {
  let timer = 0;
  document.addEventListener("scrollend", () => {
    clearTimeout(timer); // browsers take only so many changes of the history in a while
    timer = setTimeout(() => !byId("detail").open && keepPlace(), REST_MS);
  });
}

/** Whether all photographs are shown, the newest first. */
export const isEverything = () => !isSearch() && !picture && !wanted.similar;

/** Leave out what looks like a photograph; null where nothing is searched for that it could narrow. */
export function unlikeOf(id) {
  if (isEverything() || wanted.unlike.includes(id)) return null;
  return () => go({ unlike: [...wanted.unlike, id].slice(-MOST_UNLIKE) }, { keepPicture: true });
}

/** Count anew what can be chosen, as after an upload. */
export async function recount() {
  if (!isEverything()) return;
  try {
    facets(await facetsOfAll(running.signal));
  } catch (problem) {
    if (problem.name !== "AbortError") throw problem; // a search began meanwhile, and counts itself
  }
}

export const more = () => page(false);
export const hasMore = () => Boolean(cursor);

async function page(isFirst) {
  const { signal } = running;
  byId("more").disabled = true;
  byId("grid").setAttribute("aria-busy", "true");
  try {
    const answer = await ask(signal);
    if (signal.aborted) return;
    cursor = answer.cursor;
    openEnded(Boolean(cursor));
    if (isFirst) grid.clear();
    grid.append(...answer.tiles);
    if (isFirst) inMonths(await frame(answer, signal), answer.total, signal);
    if (isFirst) address.entitleBehind(byId("heading").firstChild.textContent);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (isFirst) await failed(signal);
    explain("That did not work", problem.message, { "Try again": isFirst ? () => show() : more, "All photographs": () => go({}, { fresh: true }) });
    cursor = null;
  } finally {
    if (!signal.aborted) settle();
  }
}

/** By which time what is shown is ordered, if by any. */
const ordered = () => (isEverything() ? "added" : picture || wanted.similar ? "" : wanted.sort);

/** Divide what is ordered by a time into months, where there is much of it. */
function inMonths(counted, total, signal) {
  const by = /** @type {"added" | "taken" | ""} */ (ordered());
  if (signal.aborted || !by || !cursor) return;
  const view = { by, isOldest: wanted.order === "oldest", total: by === "taken" ? total : null, ask: (days, paging) => ofMonth(by, days, paging, signal) };
  if (!divide(counted[`${by}_months`] ?? [], view)) return;
  cursor = null;
  if (isEverything()) addUnsearched(signal, view).catch((problem) => problem.name !== "AbortError" && say(problem.message));
}

/** What is shown of a month. */
async function ofMonth(by, { from, to }, paging, signal) {
  if (by === "taken") return searched({ taken_from: latest(from, wanted.taken_from), taken_to: wanted.taken_to && wanted.taken_to < to ? wanted.taken_to : to, ...paging }, signal);
  const after = new Date(Date.parse(to) + DAY_MS).toISOString();
  return searched({ sort: by, created_from: `${from}T00:00:00Z`, created_to: after, ...paging }, signal);
}

const latest = (one, other) => (one > other ? one : other);

async function searched(more, signal) {
  const { q, label, album, taken_from, taken_to, sort, order } = wanted;
  return found(await call("GET", `search?${queryString({ q, ...parametersOf(wanted), label, album, taken_from, taken_to, sort, order, ...asParameters(wanted), ...more })}`, { signal }));
}

/** What surrounds the tiles where there is no answer: nothing of the search before. */
async function failed(signal) {
  grid.clear();
  await frame({ tiles: null, total: null, degraded: [], facets: null }, signal);
}

function settle() {
  byId("more").disabled = false;
  byId("more").hidden = !cursor;
  byId("grid").removeAttribute("aria-busy");
}

const isSearch = () => Boolean(wanted.q || wanted.label.length || wanted.album.length) || isBound(wanted) || isDated(wanted);

async function ask(signal) {
  const paging = { limit: PAGE, cursor: cursor ?? "" };
  if (picture) return found(await byPicture(paging, signal));
  if (wanted.similar) {
    const asked = queryString({ crop: wanted.crop, ...asParameters(wanted), ...paging });
    return found(await call("GET", `images/${encodeURIComponent(wanted.similar)}/similar?${asked}`, { signal }));
  }
  if (isSearch()) {
    const facets = !cursor && ordered() ? `${FACETS},${ordered()}_months` : FACETS;
    return searched({ facets, ...paging }, signal);
  }
  const answer = await call("GET", `images?${queryString(paging)}`, { signal });
  return { cursor: answer.cursor, tiles: answer.items.map((image) => grid.tile(image)), facets: null, total: null, degraded: [] };
}

function byPicture(paging, signal) {
  const body = { image: picture.image, facets: FACETS.split(","), limit: PAGE, ...asFields(wanted) };
  if (picture.crop) body.crop = picture.crop;
  if (isBound(wanted)) body.attributes = clauseOf(wanted);
  const { label, album, taken_from, taken_to, sort, order } = wanted;
  body.filters = { ...(label.length && { labels: label }), ...(album.length && { albums: album }), ...(taken_from && { taken_from }), ...(taken_to && { taken_to }) };
  if (sort) Object.assign(body, { sort }, order && { order });
  if (paging.cursor) body.cursor = paging.cursor;
  return call("POST", "search/image", { body, signal });
}

const found = (answer) => ({ ...answer, tiles: answer.hits.map((hit) => grid.tile(hit.image, hit.highlight, hit.why, hit.matched_labels)) });

/** What surrounds the tiles: the count, the facets, and what to say when there are none. */
async function frame(answer, signal) {
  if (answer.asked && !wanted.q && !picture) byId("heading").textContent = answer.asked;
  if (answer.total !== null && isSearch()) {
    byId("heading").append(make("small", { textContent: photographs(answer.total) }));
  }
  showReading(answer, wanted, (changes) => go(changes, { keepPicture: true }));
  showOptions(wanted, isEverything() ? null : (changes) => go(changes, { keepPicture: true }), Boolean(wanted.q || picture || wanted.similar));
  byId("note").hidden = !answer.degraded.length;
  byId("note").textContent = answer.degraded.length ? `Some of the search was unavailable: ${answer.degraded.join("; ")}` : "";
  if (answer.tiles?.length === 0) sayNothing(answer.hints ?? []);
  const counted = answer.facets && Object.keys(answer.facets).length ? answer.facets : await facetsOfAll(signal);
  facets(counted);
  return counted;
}

async function facetsOfAll(signal) {
  if (wanted.similar || isOver()) return {};
  try {
    return (await call("GET", `search?state=captioned,needs_review&facets=${FACETS},added_months&limit=1`, { signal })).facets;
  } catch (problem) {
    if (problem instanceof ApiProblem) return {}; // the photographs can be seen without their facets
    throw problem;
  }
}

function heading() {
  if (picture) return `Photographs that look like ${picture.crop ? "that part of " : ""}${picture.name}`;
  if (wanted.similar) return wanted.crop ? "Photographs that look like that part" : "Photographs that look alike";
  if (!isSearch()) return "Newest photographs";
  if (wanted.q) return /["“”„]/.test(wanted.q) ? wanted.q : `“${wanted.q}”`;
  if (wanted.album.length && !wanted.label.length && !isBound(wanted)) return wanted.album.join(" and ");
  const labels = wanted.label.length ? `Seen or filed under: ${wanted.label.join(", ")}` : "Photographs by their dates";
  return told({ subject: "", ...clauseOf(wanted) }) || labels;
}

function sayNothing(hints) {
  if (!isEverything()) return sayNothingFound(wanted, hints, go);
  explain("No photographs yet", "Drop some anywhere on this page. Each gets a caption, and then can be found by what is in it.", {
    "Choose photographs": () => byId("files").click(),
  });
}

/** @param {Record<string, {value: string, count: number}[]>} counted */
function facets(counted) {
  const choose = (change) => go({ ...change(wanted), similar: "", crop: "" }, { keepPicture: true });
  showFacets(counted, wanted, choose, isEverything() ? null : () => go({}, { fresh: true }));
}
