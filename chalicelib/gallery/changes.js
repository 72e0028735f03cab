// Changes of photographs. Of words each can be taken back until it is sent: the API keeps no former record, and
// what a person writes over a model's caption would stay a person's. What the trash takes back is sent at once.
import { say } from "./toast.js";

export const UNDO_SECONDS = 8;
/** @type {Map<string, {shown: any, end: () => void}>} */
const waiting = new Map();
/** @type {Map<string, Promise<any>>} */
const sending = new Map();

/**
 * Show a change now, and send it in a moment unless it is taken back.
 * @param {string} id of the photograph
 * @param {{told: string, shown: any, send: () => Promise<any>, undo: () => void}} change with the record as it will be
 */
export function change(id, { told, shown, send, undo }) {
  const act = () => {
    waiting.delete(id);
    undo();
  };
  const ended = () => {
    waiting.delete(id);
    const sent = send().finally(() => sending.delete(id));
    sending.set(id, sent);
  };
  waiting.set(id, { shown, end: say(told, { seconds: UNDO_SECONDS, way: "Undo", act, ended }) });
}

/**
 * Send a change now, after what waits for the same photograph; a search waits for it.
 * @param {string} id of the photograph
 * @param {() => Promise<any>} send
 * @returns {Promise<any>} what it answers
 */
export function atOnce(id, send) {
  const sent = settled(id).catch(() => {}).then(send);
  const done = sent.finally(() => sending.get(id) === done && sending.delete(id));
  sending.set(id, done);
  done.catch(() => {}); // whoever asked is told
  return sent;
}

/** The record of a photograph as it will be, undefined where nothing waits. @param {string} id */
export const foreseen = (id) => waiting.get(id)?.shown;

/** Send what waits for a photograph. @param {string} id @returns {Promise<any>} its record, if it was changed */
export function settled(id) {
  waiting.get(id)?.end();
  return sending.get(id) ?? Promise.resolve();
}

/** Send all that waits, as before a search or when the page is left. */
export const allSettled = () => Promise.allSettled([...new Set([...waiting.keys(), ...sending.keys()])].map(settled));

/** Let nothing be lost with the page. */
export const sendBeforeLeaving = () => document.addEventListener("visibilitychange", () => document.hidden && allSettled());
