/** Where the API answers: above gallery/<release>/, whatever stage it is served under. */
export const BASE = new URL("../..", import.meta.url);
