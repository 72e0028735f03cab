// The kinds of words that are bound to a subject, and what is told, shown and asked by them.

/**
 * @typedef {Record<string, any>} Said a subject with lists of words by the kinds' plural: an attribute or a clause
 * @typedef {Record<string, any>} Wanted a subject with lists of words by the kinds' name: what is searched for
 */

export const TRAITS = [
  { name: "colour", plural: "colours", title: "Colours", leads: true, sign: "" },
  { name: "action", plural: "actions", title: "Actions", leads: false, sign: "" },
  { name: "place", plural: "places", title: "Places", leads: false, sign: "· " },
];

/** Nothing of any kind is searched for. */
export const UNBOUND = () => ({ subject: "", ...Object.fromEntries(TRAITS.map(({ name }) => [name, []])) });

/** "brown dog run · beach". @param {Said} one @param {string[]} worn what stands after the subject */
export function told(one, worn = []) {
  const words = (leads) => TRAITS.filter((kind) => kind.leads === leads).flatMap(({ plural, sign }) => one[plural].map((word) => sign + word));
  return [...words(true), one.subject, ...worn, ...words(false)].filter(Boolean).join(" ");
}

/** A clause as what is searched for. @param {Said} clause */
export const wantedBy = (clause) => ({ subject: clause.subject ?? "", ...Object.fromEntries(TRAITS.map(({ name, plural }) => [name, clause[plural]])) });

/** What is searched for, as a clause. @param {Wanted} wanted */
export const clauseOf = (wanted) => ({
  ...(wanted.subject && { subject: wanted.subject }),
  ...Object.fromEntries(TRAITS.map(({ name, plural }) => [plural, wanted[name]])),
});

/** Whether anything of any kind is searched for. @param {Wanted} wanted */
export const isBound = (wanted) => Boolean(wanted.subject) || TRAITS.some(({ name }) => wanted[name].length > 0);

/** The part of what is searched for that is a clause, as the API's parameters. @param {Wanted} wanted */
export const parametersOf = (wanted) => Object.fromEntries(["subject", ...TRAITS.map(({ name }) => name)].map((name) => [name, wanted[name]]));
