// Albums: those that there are, each with a photograph of its own; and what puts photographs into them.
import { call, queryString } from "./api.js";
import { icon, make } from "./dom.js";
import { register } from "./views.js";

export const FAVOURITES = "Favourites";
const HEART = "M12 20s-7.5-4.6-9-9.3C2 7.4 4 5 6.7 5c2 0 3.9 1.200 5.300 3.400C13.400 6.200 15.300 5 17.300 5 20 5 22 7.400 21 10.700 19.500 15.400 12 20 12 20z";
const TRIES = 3;

register("albums", { title: "Albums", show });

/** The names of all albums with how many photographs are in each, the commonest first. @param {AbortSignal} [signal] */
export async function albums(signal) {
  const { facets } = await call("GET", "search?sort=added&facets=albums&limit=1", { signal });
  return /** @type {{value: string, count: number}[]} */ (facets.albums);
}

export const albumAddress = (name) => `#${queryString({ album: name, sort: "taken" })}`;
export const heart = () => icon(HEART);

/** @param {HTMLElement} into @param {AbortSignal} signal */
async function show(into, signal) {
  const found = await albums(signal);
  if (!found.length) return into.replaceChildren(make("p", { class: "soft", textContent: "No albums yet. Select photographs, and add them to one." }));
  const cards = found.map(({ value, count }) => card(value, count));
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) (seen.unobserve(target), cover(target, signal));
  });
  into.replaceChildren(make("div", { class: "albums", role: "list" }, ...cards));
  for (const one of cards) seen.observe(one);
}

function card(name, count) {
  const told = make("span", { class: "caption" }, make("strong", { textContent: name }), make("small", { class: "soft", textContent: ` ${count}` }));
  return make("div", { class: "album", role: "listitem", "data-album": name }, make("a", { href: albumAddress(name) }, make("span", { class: "frame" }, name === FAVOURITES ? heart() : null), told));
}

/** Show the newest photograph of an album on its card. */
async function cover(element, signal) {
  const { hits } = await call("GET", `search?${queryString({ album: element.dataset.album, limit: 1 })}`, { signal });
  const src = hits[0]?.image.links.display;
  if (src) element.querySelector(".frame").replaceChildren(make("img", { class: "here", src, alt: "" }));
}

/**
 * Change the albums that a photograph is in, whatever others do to it meanwhile.
 * @param {any} image @param {(albums: string[]) => string[]} change
 * @returns {Promise<any>} its record
 */
export async function file(image, change) {
  for (let left = TRIES; ; left -= 1) {
    const albums = change(image.albums);
    if (String(albums) === String(image.albums)) return image;
    try {
      return await call("PATCH", `images/${image.id}`, { body: { albums }, headers: { "If-Match": `"${image.rev}"` } });
    } catch (problem) {
      if (problem.status !== 412 || left === 1) throw problem;
      image = await call("GET", `images/${image.id}`);
    }
  }
}

export const isSame = (one, other) => one.toLowerCase() === other.toLowerCase();

/** @param {string} name */
export const into = (name) => (albums) => (albums.some((one) => isSame(one, name)) ? albums : [...albums, name]);
/** @param {string} name */
export const outOf = (name) => (albums) => albums.filter((one) => !isSame(one, name));
