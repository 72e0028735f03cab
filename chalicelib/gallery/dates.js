// When photographs were taken: from one day to another, and in which order they are shown.
import { byId, make } from "./dom.js";

/** @typedef {{taken_from: string, taken_to: string, sort: string, order: string}} Dates */

export const ANY_TIME = { taken_from: "", taken_to: "", sort: "", order: "" };
const ORDERS = { added: "Last added first", taken: "Last taken first", "taken oldest": "First taken first" };
const inputs = () => [byId("taken-from"), byId("taken-to")];
const field = (input) => input.name;

/** Whether there is a day or an order that only a search knows. @param {Dates} dates */
export const isDated = ({ taken_from, taken_to, sort }) => Boolean(taken_from || taken_to || sort);

/** @param {(changes: Partial<Dates>) => void} choose */
export function listenToDates(choose) {
  for (const input of inputs()) {
    // While a year is typed its first digits are a year, too.
    input.addEventListener("change", () => input.validity.valid && choose({ [field(input)]: input.value }));
  }
  byId("sort").addEventListener("change", () => {
    const [sort, order = ""] = byId("sort").value.split(" ");
    choose({ sort, order });
  });
}

/**
 * @param {Dates} wanted
 * @param {{isRanked: boolean, isHidden: boolean}} search whether it has a best match, and whether it knows no dates
 */
export function showDates(wanted, { isRanked, isHidden }) {
  byId("dates").hidden = isHidden;
  byId("dates").classList.toggle("set", Boolean(wanted.taken_from || wanted.taken_to));
  for (const input of inputs()) {
    const value = wanted[field(input)];
    if (input.value !== value) input.value = value;
  }
  const { added, ...taken } = ORDERS;
  const choices = isRanked ? { "": "Best first", ...ORDERS } : { "": added, ...taken };
  byId("sort").replaceChildren(...Object.entries(choices).map(([value, textContent]) => make("option", { value, textContent })));
  byId("sort").value = [wanted.sort, wanted.order].filter(Boolean).join(" ");
}

/** A camera's clock as the person writes times; it has no zone. @param {string | null} moment */
export const clock = (moment) => moment && new Date(`${moment}Z`).toLocaleString(undefined, { timeZone: "UTC" });
