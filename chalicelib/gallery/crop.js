// Choosing a part of a photograph by dragging over it.
import { make } from "./dom.js";

const LEAST = 0.05;

/** @typedef {{x: number, y: number, width: number, height: number}} Part as shares of the image */

/**
 * Let a part of an image be chosen.
 * @param {HTMLImageElement} image
 * @param {(part: Part | null) => void} chosen
 * @param {() => boolean} [isOn] whether dragging chooses now
 * @param {Part | null} [part] that is chosen at first
 * @returns {HTMLElement} the image in its frame; put it where the image was
 */
export function croppable(image, chosen, isOn = () => true, part = null) {
  const box = make("span", { class: "part", hidden: true });
  const clip = make("span", { class: "clip" }, image, box);
  image.draggable = false;
  if (part) draw(box, part);
  let start = null;
  const at = (event) => {
    const frame = image.getBoundingClientRect();
    const inside = (value) => Math.min(1, Math.max(0, value));
    return { x: inside((event.clientX - frame.left) / frame.width), y: inside((event.clientY - frame.top) / frame.height) };
  };
  clip.addEventListener("pointerdown", (event) => {
    if (!isOn()) return;
    start = at(event);
    clip.setPointerCapture(event.pointerId);
  });
  clip.addEventListener("pointermove", (event) => start && draw(box, between(start, at(event))));
  clip.addEventListener("pointerup", (event) => {
    if (!start) return;
    const part = between(start, at(event));
    start = null;
    const isPart = part.width > LEAST && part.height > LEAST;
    box.hidden = !isPart;
    chosen(isPart ? part : null);
  });
  return clip;
}

function between(one, other) {
  const x = Math.min(one.x, other.x);
  const y = Math.min(one.y, other.y);
  return { x, y, width: Math.abs(one.x - other.x), height: Math.abs(one.y - other.y) };
}

function draw(box, part) {
  box.hidden = false;
  const css = { left: part.x, top: part.y, width: part.width, height: part.height };
  for (const [name, share] of Object.entries(css)) box.style.setProperty(name, `${share * 100}%`);
}
