// Searching by an image from outside: picked, dropped onto the search box, or pasted.
import { croppable } from "./crop.js";
import { byId, make } from "./dom.js";
import { goByImage } from "./search.js";
import { fill, say, showDialog } from "./toast.js";

const LARGEST_SIDE = 1024; // more than the model looks at, and far under the API's 4 MB

/** @param {File} file */
export async function offer(file) {
  const dialog = byId("crop");
  let crop = null;
  const url = URL.createObjectURL(file);
  const image = make("img", { src: url, alt: "The image to search by" });
  const search = make("button", { class: "primary", type: "button", textContent: "Search", onclick: () => dialog.close("search") });
  fill(
    dialog,
    make("h2", { id: "crop-title", textContent: "Search by this image" }),
    make("p", { class: "soft", textContent: "Drag over a part to search by that part only." }),
    croppable(image, (part) => {
      crop = part;
      search.textContent = part ? "Search by this part" : "Search";
    }),
    make("div", { class: "row" }, search, make("button", { type: "button", textContent: "Cancel", onclick: () => dialog.close("") })),
  );
  dialog.returnValue = "";
  showDialog(dialog);
  search.focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  try {
    if (dialog.returnValue === "search") await goByImage({ image: await base64(file), crop, name: file.name });
  } catch {
    say("This file is no image that the browser can read.", { seconds: 8 });
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The image, scaled down where it is large, as base64 of a JPEG. @param {File} file */
async function base64(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = make("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // as the captioner shows what is transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92).split(",")[1];
}
