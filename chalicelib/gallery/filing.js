// Putting photographs into albums: the heart of one, and a dialog for one or many.
import { albums, file, FAVOURITES, heart, into, isSame, outOf } from "./albums.js";
import { byId, make } from "./dom.js";
import * as grid from "./grid.js";
import { each, photographs } from "./removing.js";
import { fill, say, showDialog } from "./toast.js";

const SECONDS = 8;
export const isFavourite = (image) => image.albums.includes(FAVOURITES);

/** A button that puts a photograph among the favourites, and takes it out again. @param {any} image @param {(image: any) => void} show its record anew */
export function favourite(image, show) {
  const isOn = isFavourite(image);
  const toggle = async () => {
    const [fresh] = await change([image], isOn ? outOf(FAVOURITES) : into(FAVOURITES));
    if (fresh) show(fresh);
  };
  return make("button", { type: "button", class: "heart", "data-control": "heart", "aria-pressed": String(isOn), "aria-label": "Favourite", title: isOn ? "Take out of the favourites" : "Add to the favourites", onclick: toggle }, heart());
}

/** Put photographs among the favourites; where all are there already, take them out. @param {any[]} images */
export async function favour(images) {
  const isOut = images.every(isFavourite);
  const fresh = await change(images, isOut ? outOf(FAVOURITES) : into(FAVOURITES));
  const back = () => change(fresh.filter((image) => !images.some((one) => one.id === image.id && isFavourite(one) === isFavourite(image))), isOut ? into(FAVOURITES) : outOf(FAVOURITES));
  if (fresh.length) say(`${photographs(fresh.length)} ${isOut ? "taken out of" : "added to"} the favourites.`, { seconds: SECONDS, way: "Undo", act: back });
}

/** Change the albums of photographs, and show them anew. @returns {Promise<any[]>} the records of those that were changed */
async function change(images, how) {
  const fresh = new Map();
  const { done, failed } = await each(images, async (image) => fresh.set(image, await file(image, how)));
  for (const image of done) grid.refresh(fresh.get(image));
  if (failed.length) say(`${photographs(failed.length)} not changed: ${failed[0].problem.message}`, { seconds: SECONDS });
  return done.map((image) => fresh.get(image));
}

/** Ask which album to add photographs to. @param {any[]} images @param {(images: any[]) => void} [added] their records */
export async function addToAlbum(images, added = () => {}) {
  const dialog = byId("album");
  const name = make("input", { type: "text", required: true, maxLength: 64, pattern: "[^,]*\\S[^,]*", title: "A name without commas", "aria-label": "Name of the album", placeholder: "Oslo 2024" });
  const known = make("datalist", { id: "albums" });
  name.setAttribute("list", known.id);
  const chosen = make("div", { class: "row" });
  const add = async (album) => {
    dialog.close();
    const fresh = await change(images, into(album));
    if (!fresh.length) return;
    const were = new Set(images.filter((image) => image.albums.some((one) => isSame(one, album))).map(({ id }) => id));
    const back = () => change(fresh.filter(({ id }) => !were.has(id)), outOf(album)).then(added);
    say(`${photographs(fresh.length)} added to ${album}.`, { seconds: SECONDS, way: "Undo", act: back });
    added(fresh);
  };
  fill(dialog,
    make("h2", { id: "album-title", textContent: `Add ${photographs(images.length)} to an album` }),
    make("form", { onsubmit: (event) => (event.preventDefault(), add(name.value.trim())) }, name, known, chosen,
      make("div", { class: "row" }, make("button", { type: "submit", class: "primary", textContent: "Add" }), make("button", { type: "button", textContent: "Cancel", onclick: () => dialog.close() }))));
  showDialog(dialog);
  name.focus();
  const found = await albums().catch(() => []);
  known.replaceChildren(...found.map(({ value }) => make("option", { value })));
  chosen.replaceChildren(...found.slice(0, 8).map(({ value }) => make("button", { type: "button", class: "chip", textContent: value, onclick: () => add(value) })));
}

/** The albums of an open photograph, each a way to see it and to take the photograph out. @param {any} image @param {(album: string) => void} see @param {(image: any) => void} show */
export function filedIn(image, see, show) {
  if (!image.albums.length) return "";
  const leave = async (album) => {
    const [fresh] = await change([image], outOf(album));
    if (!fresh) return;
    say(`Taken out of ${album}.`, { seconds: SECONDS, way: "Undo", act: () => change([fresh], into(album)).then(([back]) => back && show(back)) });
    show(fresh);
  };
  const chips = image.albums.map((album) => make("span", { class: "chip" },
    make("button", { type: "button", class: "plain", title: "Show the album", textContent: album, onclick: () => see(album) }),
    make("button", { type: "button", class: "plain", "aria-label": `Take out of ${album}`, onclick: () => leave(album) }, "×")));
  return make("div", { class: "row sight", role: "group", "aria-label": "Albums" }, make("span", { class: "label", "aria-hidden": "true", textContent: "Albums" }), ...chips);
}
