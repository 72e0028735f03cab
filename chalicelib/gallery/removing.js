// Moving photographs to the trash, many at once, and taking that back.
import { call } from "./api.js";
import { atOnce } from "./changes.js";
import { say } from "./toast.js";

const AT_ONCE = 6; // requests
const SECONDS = 12;

/**
 * Do something for each of many, a few at once.
 * @template T
 * @param {T[]} all @param {(one: T) => Promise<any>} act @param {(done: number) => void} [progress]
 * @returns {Promise<{done: T[], failed: {one: T, problem: Error}[]}>}
 */
export async function each(all, act, progress = () => {}) {
  const left = [...all];
  const [done, failed] = [[], []];
  const work = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      await act(one).then(() => done.push(one), (problem) => failed.push({ one, problem }));
      progress(done.length + failed.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failed };
}

/** @param {number} count */
export const photographs = (count) => (count === 1 ? "1 photograph" : `${count} photographs`);

/**
 * Move photographs to the trash, with a way back.
 * @param {any[]} images
 * @param {{undone: (images: any[]) => void}} handlers what shows photographs again
 */
export async function discard(images, { undone }) {
  const remove = (image) =>
    atOnce(image.id, () => call("DELETE", `images/${image.id}`, { keepalive: true })).catch((problem) => {
      if (problem.status !== 404) throw problem; // somebody else was quicker
    });
  const { done, failed } = await each(images, remove);
  if (failed.length) undone(failed.map(({ one }) => one));
  if (failed.length) say(`${photographs(failed.length)} not deleted: ${failed[0].problem.message}`, { seconds: SECONDS });
  const act = () => restore(done).then(undone);
  if (done.length) say(`${done.length === 1 ? done[0].name : photographs(done.length)} moved to the trash.`, { seconds: SECONDS, way: "Undo", act });
}

/** Take photographs out of the trash. @param {any[]} images @returns {Promise<any[]>} those that are back, as they are now */
export async function restore(images) {
  const back = [];
  const { failed } = await each(images, async ({ id }) => back.push(await atOnce(id, () => call("POST", `images/${id}/restore`))));
  if (failed.length) say(`${photographs(failed.length)} not restored: ${failed[0].problem.message}`, { seconds: SECONDS });
  return back;
}
