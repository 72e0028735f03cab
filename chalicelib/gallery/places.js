// The menu of places: everything, albums, what is to be reviewed, what is double, what was deleted.
import { call } from "./api.js";
import { byId } from "./dom.js";

/** Count what is to be reviewed whenever the menu opens, and close it behind whoever goes somewhere. */
export function watchPlaces() {
  const menu = byId("places");
  menu.addEventListener("click", (event) => event.target.closest("a") && menu.hidePopover());
  menu.addEventListener("toggle", async ({ newState }) => {
    if (newState !== "open") return;
    const { images } = await call("GET", "stats");
    byId("to-review").textContent = images.needs_review + images.failed || "";
  });
}
