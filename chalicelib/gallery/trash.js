// The trash: what was deleted, to be restored or deleted for good.
import { call, queryString } from "./api.js";
import { byId, make } from "./dom.js";
import { alternative } from "./labels.js";
import { ratioOf } from "./tiles.js";
import { say } from "./toast.js";
import { register } from "./views.js";

const PAGE = 40;
const DAYS = 30; // TRASH_DAYS in image_repo_formats
const SURE_MS = 4000;

register("trash", { title: "Trash", show });

/** Show what is in the trash, the latest moved there first. @param {HTMLElement} into @param {AbortSignal} signal */
async function show(into, signal) {
  const tiles = make("div", { class: "grid", role: "list", "aria-labelledby": "view-heading" });
  const more = make("button", { type: "button", class: "more", textContent: "Show more", hidden: true });
  into.replaceChildren(make("p", { class: "soft", textContent: `Photographs stay here for ${DAYS} days with all they had. Then they are deleted for good.` }), tiles, more);
  await page("", tiles, more, signal);
}

async function page(cursor, tiles, more, signal) {
  more.disabled = true;
  try {
    const answer = await call("GET", `trash?${queryString({ limit: PAGE, cursor })}`, { signal });
    tiles.append(...answer.items.map(tile));
    more.hidden = !answer.cursor;
    more.onclick = () => page(answer.cursor, tiles, more, signal);
    if (!tiles.childElementCount) sayEmpty(tiles);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    more.hidden = false;
    more.onclick = () => page(cursor, tiles, more, signal);
    say(problem.message, { seconds: 8 });
  } finally {
    more.disabled = false;
  }
}

const sayEmpty = (tiles) => tiles.after(make("p", { class: "empty", textContent: "Nothing is in the trash." }));

/** @param {any} image */
function tile(image) {
  const text = image.caption?.text ?? image.name;
  const img = image.links.display && make("img", { class: "here", loading: "lazy", decoding: "async", alt: alternative(image), src: image.links.display });
  const restore = make("button", { type: "button", textContent: "Restore", "aria-label": `Restore: ${text}`, onclick: () => end(element, image, () => call("POST", `images/${image.id}/restore`), "restored") });
  const erase = make("button", { type: "button", class: "danger", textContent: "Delete for good", "aria-label": `Delete for good: ${text}`, onclick: () => {
    if (erase.dataset.sure) end(element, image, () => call("DELETE", `images/${image.id}?permanent=true`), "deleted for good");
    else askOnce(erase);
  } });
  const element = make("div", { class: "tile", role: "listitem" },
    make("span", { class: "frame" }, img || ""),
    make("span", { class: image.caption ? "caption" : "caption muted", textContent: text }),
    make("span", { class: "why", textContent: until(image) }),
    make("span", { class: "remedy" }, restore, erase));
  element.style.setProperty("--ratio", String(ratioOf(image)));
  return element;
}

/** How long a photograph is still here; the daily pass that deletes it may be late. */
function until({ trashed_at: since }) {
  const days = Math.max(0, Math.ceil(DAYS - (Date.now() - Date.parse(since)) / 86_400_000));
  return days === 1 ? "1 day left" : `${days} days left`;
}

function askOnce(button) {
  const { textContent: text } = button;
  const label = button.getAttribute("aria-label");
  const tell = (said, name) => ((button.textContent = said), button.setAttribute("aria-label", name));
  button.dataset.sure = "yes";
  tell("Really, for good?", label.replace(text, "Really delete for good"));
  setTimeout(() => {
    delete button.dataset.sure;
    tell(text, label);
  }, SURE_MS);
}

/** Send what becomes of a photograph, and take its tile away. */
async function end(element, image, send, what) {
  const buttons = element.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    await send();
    say(`${image.name} ${what}.`);
  } catch (problem) {
    if (problem.status !== 404) {
      for (const button of buttons) button.disabled = false;
      return say(`${image.name} was not ${what}: ${problem.message}`, { seconds: 8 });
    }
    say(`${image.name} is in the trash no longer.`);
  }
  const next = element.nextElementSibling ?? element.previousElementSibling;
  const tiles = element.parentElement;
  element.remove();
  if (!next) sayEmpty(tiles);
  (next?.querySelector("button") ?? byId("view-heading")).focus();
}
