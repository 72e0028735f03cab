// Saving the originals of many photographs as one archive.
import { call } from "./api.js";
import { make } from "./dom.js";
import { each, photographs } from "./removing.js";
import { say } from "./toast.js";
import { Archive, MOST_BYTES, MOST_FILES } from "./zip.js";

const SECONDS = 12;
const HEADERS = 1_000; // bytes of an archive for each file, at most

/** @param {any[]} images their records */
export async function save(images) {
  const size = images.reduce((sum, image) => sum + (image.size ?? 0) + HEADERS, 0);
  if (size > MOST_BYTES || images.length > MOST_FILES) {
    return say(`That is more than an archive holds (4 GB). Select fewer, or save them by the command line: image-repo download.`, { seconds: SECONDS });
  }
  const archive = new Archive();
  let isSaid = say(`Saving ${photographs(images.length)} …`, { seconds: 3_600 });
  const tell = (done) => {
    isSaid();
    isSaid = say(`Saving ${done} of ${images.length} …`, { seconds: 3_600 });
  };
  const contents = new Map();
  const { done, failed } = await each(images, async (image) => contents.set(image, await fetched(image)), tell);
  for (const image of images) if (contents.has(image)) await archive.add(image.name, contents.get(image), new Date(image.taken_at ?? image.created_at));
  isSaid();
  if (failed.length) say(`${photographs(failed.length)} not saved: ${failed[0].problem.message}`, { seconds: SECONDS });
  if (done.length) offer(archive.whole());
}

/** The original of a photograph, by a link that is still good. */
async function fetched({ id, name }) {
  const { links } = await call("GET", `images/${id}`);
  const response = await fetch(links.original).catch(() => null);
  if (!response?.ok) throw new Error(`${name} could not be fetched.`);
  return response.blob();
}

function offer(blob) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: `photographs-${new Date().toISOString().slice(0, 10)}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
