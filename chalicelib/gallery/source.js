// What a search by an image goes by, above what it found: the picture, and the part of it that counts, which can be chosen anew.
import { croppable } from "./crop.js";
import { byId, make } from "./dom.js";

/** @typedef {import("./crop.js").Part} Part */

/**
 * Show what is searched by; nothing where null.
 * @param {{src: string, name: string, part: Part | null, open?: () => void} | null} given
 * @param {(part: Part | null) => void} search by another part of it, or by all of it
 */
export function showSource(given, search) {
  const place = byId("source");
  place.hidden = !given;
  if (!given) return place.replaceChildren();
  const { src, name, part, open } = given;
  const image = make("img", { src, alt: `Searched by: ${name}` });
  const chip = (textContent, onclick) => make("button", { type: "button", class: "chip", textContent, onclick });
  const about = part ? `What looks like this part of ${name}. Drag over another one to search by that.` : `What looks like ${name}. Drag over a part to search by that only.`;
  place.replaceChildren(
    croppable(image, (chosen) => (chosen || part) && search(chosen), undefined, part),
    make("div", {}, make("p", { class: "soft", textContent: about }),
      make("div", { class: "row" }, part ? chip("Search by all of it", () => search(null)) : null, open ? chip("Open it", open) : null)),
  );
}

/** A part as the address holds it: x, y, width and height as shares. @param {Part | null} part */
export const written = (part) => (part ? [part.x, part.y, part.width, part.height].map((value) => value.toFixed(4)).join(",") : "");

/** The part that an address holds. @param {string} text @returns {Part | null} */
export function partIn(text) {
  const [x, y, width, height] = text.split(",").map(Number);
  return [x, y, width, height].every(Number.isFinite) ? { x, y, width, height } : null;
}
