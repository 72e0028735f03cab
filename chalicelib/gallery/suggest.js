// Completes the word being typed with what the photographs have; the browser shows the choices.
import { ApiProblem, call, queryString } from "./api.js";
import { byId, make } from "./dom.js";
import { isOver } from "./session.js";

const PAUSE_MS = 120;
let waiting = 0;
let running = new AbortController();

/** Complete while something is typed into the box. */
export function completeTyping() {
  byId("query").addEventListener("input", ({ target }) => {
    clearTimeout(waiting);
    running.abort();
    running = new AbortController();
    const { signal } = running;
    waiting = setTimeout(() => complete(target.value, signal), PAUSE_MS);
  });
}

async function complete(typed, signal) {
  const beginning = /\S+$/.exec(typed)?.[0];
  if (!beginning || isOver()) return byId("suggestions").replaceChildren();
  try {
    const { suggestions } = await call("GET", `suggest?${queryString({ prefix: typed })}`, { signal });
    byId("suggestions").replaceChildren(...suggestions.map((one) => option(typed, beginning, one)));
  } catch (problem) {
    // Without suggestions the box is as useful as without a memory: nobody need be told.
    if (problem.name !== "AbortError" && !(problem instanceof ApiProblem)) throw problem;
  }
}

function option(typed, beginning, { kind, value, count }) {
  const mark = /^[-"]*/.exec(beginning)[0];
  const whole = typed.slice(0, typed.length - beginning.length) + mark + value;
  return make("option", { value: whole, label: `${value} · ${kind === "word" ? "" : `${kind}, `}${count}` });
}
