// Many photographs at once: chosen by ticks, shift, ctrl, a long press and dragging, and what can be done with them.
import { addToAlbum, favour } from "./filing.js";
import { byId, icon, make } from "./dom.js";
import * as grid from "./grid.js";
import { save } from "./saving.js";
import { describe } from "./describing.js";
import { discard } from "./removing.js";

const TICK = "M5 12.500l4.500 4.500L19 7.500";
const LONG_MS = 450;
const MOVED = 10; // pixels from which a press is no long one
const EDGE = 48; // pixels at the window's edge, where dragging scrolls

/** @type {Map<string, any>} */
const chosen = new Map(); // records by their ids
let last = ""; // from which on shift chooses
let dragging = /** @type {{isOn: boolean, before: Map<string, any>, at: any} | null} */ (null); // `at`: the pointer's last event

/** Give every tile a tick, and let presses and keys choose. */
export function listenToSelecting() {
  grid.decorate(dress);
  const place = byId("grid");
  place.addEventListener("click", onClick, true); // before a tile opens its photograph
  place.addEventListener("pointerdown", onDown);
  place.addEventListener("contextmenu", (event) => dragging && event.preventDefault());
  document.addEventListener("pointermove", onMove);
  document.addEventListener("pointerup", () => (dragging = null));
  document.addEventListener("pointercancel", () => (dragging = null));
  document.addEventListener("touchmove", (event) => dragging && event.preventDefault(), { passive: false });
}

function dress(element, { image }) {
  const { id, name } = image;
  element.querySelector(".tick")?.remove();
  element.prepend(make("span", { class: "tick", tabIndex: -1, role: "checkbox", "aria-checked": String(chosen.has(id)), "aria-label": `Select ${name}` }, icon(TICK)));
  element.classList.toggle("chosen", chosen.has(id));
  if (chosen.has(id)) chosen.set(id, image);
}

const tileOf = (target) => target?.closest?.("#grid .tile[data-id]") ?? null;

function onClick(event) {
  const tile = tileOf(event.target);
  if (!tile || event.target.closest(".remedy")) return;
  const { id } = tile.dataset;
  const isTick = event.target.closest(".tick");
  if (pressed === id) { // what a long press chose is not opened by its end
    pressed = "";
    return swallow(event);
  }
  if (!isTick && !event.shiftKey && !event.ctrlKey && !event.metaKey && !chosen.size) return;
  swallow(event);
  pick(id, event.shiftKey);
}

/** Choose a photograph, or no longer, or all from the last one on. @param {string} id @param {boolean} isRange */
function pick(id, isRange) {
  if (isRange && last) choose(between(last, id), true);
  else choose([id], !chosen.has(id));
  last = id;
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

let pressed = "";
function onDown(event) {
  pressed = "";
  const tile = tileOf(event.target);
  if (!tile || event.button || event.target.closest(".remedy")) return;
  const { id } = tile.dataset;
  const begin = () => {
    dragging = { isOn: !chosen.has(id), before: new Map(chosen), at: event };
    pressed = id;
    choose([id], dragging.isOn);
    last = id;
  };
  if (event.pointerType === "mouse") return event.target.closest(".tick") ? drag(event, begin) : undefined;
  const timer = setTimeout(begin, LONG_MS);
  const end = () => {
    clearTimeout(timer);
    for (const name of ["pointerup", "pointercancel", "pointermove"]) document.removeEventListener(name, name === "pointermove" ? moved : end);
  };
  const moved = (later) => Math.hypot(later.clientX - event.clientX, later.clientY - event.clientY) > MOVED && !dragging && end();
  document.addEventListener("pointermove", moved);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}

/** Begin where a mouse that was pressed on a tick has moved to another tile. */
function drag(from, begin) {
  const moved = (event) => {
    if (Math.hypot(event.clientX - from.clientX, event.clientY - from.clientY) <= MOVED) return;
    end();
    begin();
  };
  const end = () => {
    document.removeEventListener("pointermove", moved);
    document.removeEventListener("pointerup", end);
  };
  document.addEventListener("pointermove", moved);
  document.addEventListener("pointerup", end);
}

function onMove(event) {
  if (!dragging) return;
  dragging.at = event;
  reach();
  if (!creeping) creep();
}

/** Choose up to where the pointer is. */
function reach() {
  const { at, isOn, before } = dragging;
  const tile = document.elementsFromPoint(at.clientX, at.clientY).map(tileOf).find(Boolean);
  if (!tile) return;
  const among = new Set(between(last, tile.dataset.id));
  for (const image of grid.records()) set(image, among.has(image.id) ? isOn : before.has(image.id));
  show();
}

let creeping = 0;
/** Scroll as long as the pointer drags at the window's edge, the faster the nearer. */
function creep() {
  creeping = 0;
  const top = document.querySelector(".top").getBoundingClientRect().bottom + EDGE;
  const by = dragging ? Math.max(0, dragging.at.clientY - innerHeight + EDGE) - Math.max(0, top - dragging.at.clientY) : 0;
  if (!by) return;
  scrollBy({ top: by / 3, behavior: "instant" });
  reach();
  creeping = requestAnimationFrame(creep);
}

/** The photographs from one to another, as they are shown. */
function between(one, other) {
  const among = grid.between(one, other);
  return among.length ? among : [other];
}

function choose(ids, isOn) {
  const wanted = new Set(ids);
  for (const image of grid.records()) if (wanted.has(image.id)) set(image, isOn);
  show();
}

function set(image, isOn) {
  const { id } = image;
  if (isOn === chosen.has(id)) return;
  if (isOn) chosen.set(id, image);
  else chosen.delete(id);
  const tile = grid.element(id);
  tile?.classList.toggle("chosen", isOn);
  tile?.querySelector(".tick").setAttribute("aria-checked", String(isOn));
}

/** Choose nothing any more. */
export function clear() {
  for (const image of chosen.values()) set(image, false);
  last = "";
  show();
}

function show() {
  const bar = byId("chosen");
  const hadFocus = bar.contains(document.activeElement);
  document.body.classList.toggle("choosing", chosen.size > 0);
  bar.hidden = !chosen.size;
  if (!chosen.size) return hadFocus && byId("grid").focus();
  if (!bar.childElementCount) bar.append(...ways());
  bar.querySelector("span").textContent = `${chosen.size} selected`;
}

function ways() {
  const images = () => [...chosen.values()];
  const way = (textContent, onclick, properties = {}) => make("button", { type: "button", textContent, onclick, ...properties });
  return [
    make("button", { type: "button", class: "quiet", "aria-label": "Clear the selection", onclick: clear }, icon("M6 6l12 12M18 6L6 18")),
    make("span", { role: "status" }),
    way("Favourite", () => favour(images())),
    way("Add to an album", () => addToAlbum(images())),
    way("Describe", () => describe(images())),
    way("Download", () => save(images())),
    way("Delete", away, { class: "danger" }),
  ];
}

/** Move what is chosen to the trash, with a way back. */
function away() {
  const images = [...chosen.values()];
  const putBack = grid.remove(images.map(({ id }) => id));
  clear();
  discard(images, { undone: putBack });
}

/** @param {KeyboardEvent} event @returns {boolean} whether it was for the selection */
export function press(event) {
  const tile = tileOf(event.target);
  if (event.key === "Escape" && chosen.size) clear();
  else if (event.key === "Delete" && chosen.size) away();
  else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) choose(grid.ids(), true);
  else if (event.key.toLowerCase() === "x" && tile && !event.ctrlKey && !event.metaKey) pick(tile.dataset.id, event.shiftKey);
  else return false;
  return true;
}

