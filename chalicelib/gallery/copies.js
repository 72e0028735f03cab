// Photographs that look the same, in groups: the best is kept, the others go to the trash.
import { call, queryString } from "./api.js";
import { make } from "./dom.js";
import { open } from "./detail.js";
import { alternative } from "./labels.js";
import { discard } from "./removing.js";
import { register } from "./views.js";

const PAGE = 100; // photographs compared at once
const ENOUGH = 12; // groups, after which somebody is asked whether to go on

register("duplicates", { title: "Duplicates", show });

/** @param {HTMLElement} into @param {AbortSignal} signal */
async function show(into, signal) {
  const told = make("p", { class: "soft", role: "status" });
  const list = make("div", { class: "copies" });
  const more = make("button", { type: "button", class: "more", textContent: "Look on", hidden: true });
  into.replaceChildren(make("p", { class: "soft", textContent: "The best of each group stands first: the one with the most pixels, then the larger file, then the one that a person captioned. What you delete goes to the trash." }), told, list, more);
  let [cursor, examined] = ["", 0];
  const goOn = async () => {
    more.hidden = true;
    const until = list.children.length + ENOUGH;
    do {
      const page = await call("GET", `duplicates?${queryString({ limit: PAGE, cursor })}`, { signal });
      [cursor, examined] = [page.cursor ?? "", examined + page.examined];
      list.append(...page.groups.map(group));
      told.textContent = `${examined.toLocaleString()} ${examined === 1 ? "photograph" : "photographs"} compared with all others: ${counted(list.children.length)}.`;
    } while (cursor && list.children.length < until);
    more.hidden = !cursor;
  };
  more.addEventListener("click", goOn);
  await goOn();
}

const counted = (count) => (count ? `${count} ${count === 1 ? "group" : "groups"} of photographs that look the same` : "none look the same");

function group({ images, identical }) {
  let kept = images[0];
  const away = make("button", { type: "button", class: "primary", onclick: () => leave(images.filter((image) => image !== kept), element) });
  const figures = images.map((image) => figure(image, image === kept, () => keep(image)));
  const element = make("section", { class: "copy", "aria-label": `${images.length} of ${alternative(kept)}` },
    make("div", { class: "row", role: "radiogroup", "aria-label": "Which one to keep" }, ...figures),
    make("div", { class: "row" }, away, make("span", { class: "soft", textContent: identical ? "The very same file" : "" })));
  const keep = (image) => {
    kept = image;
    const others = images.length - 1;
    away.textContent = `Keep this one, delete the other${others === 1 ? "" : ` ${others}`}`;
  };
  keep(kept);
  return element;
}

/** Delete photographs of a group, which is gone until that is taken back. */
function leave(images, element) {
  element.hidden = true;
  discard(images, { undone: () => (element.hidden = false) });
}

let groups = 0;
function figure(image, isKept, keep) {
  const radio = make("input", { type: "radio", name: `copy-${groups}`, checked: isKept, onchange: keep, "aria-label": `Keep ${image.name}, ${size(image)}` });
  if (isKept) radio.name = `copy-${(groups += 1)}`;
  const picture = image.links.display ? make("img", { src: image.links.display, loading: "lazy", alt: alternative(image) }) : "";
  return make("figure", {}, make("button", { type: "button", class: "plain", "aria-label": `Open ${image.name}`, onclick: () => open(image.id) }, picture),
    make("figcaption", {}, make("label", {}, radio, isKept ? make("strong", { textContent: "Best" }) : "", make("span", { textContent: image.name })), make("small", { class: "soft", textContent: size(image) })));
}

const size = ({ width, height, size: bytes, caption }) =>
  [width ? `${width} × ${height}` : "", bytes ? `${(bytes / 1e6).toFixed(2)} MB` : "", caption && caption.source !== "model" ? "captioned by a person" : ""].filter(Boolean).join(", ");
