// The list of all participants' forecasts: sorting, filtering, searching, and the table.

import { h } from "./dom.js";
import { short } from "./files.js";
import { comparisonOf, ofHundred } from "./risk.js";
import { has, list, t } from "./words.js";

/**
 * @typedef {{
 *   participant_id: string, days: number, last_day: string | null, for_date: string | null, abstained: boolean,
 *   attack: any, warnings: { code: string, message: string, fields: string[] }[], simulated_model: boolean,
 * }} Person
 * @typedef {"ratio" | "probability" | "name" | "last"} Order
 * @typedef {"all" | "above" | "abstained"} Filter
 * @typedef {{ search: string, order: Order, filter: Filter }} Choice
 */

/** @type {Order[]} */
export const ORDERS = ["ratio", "probability", "name", "last"];
/** @type {Filter[]} */
export const FILTERS = ["all", "above", "abstained"];

/** @param {Person} person the risk against the person's own rate; null where one of them is not known */
export function ratioOf({ attack }) {
  const usual = attack?.base_rate?.rate;
  return attack && usual ? (attack.relative_to_usual?.ratio ?? attack.probability / usual) : null;
}

/** @param {Person} person */
export function isAbove({ attack }) {
  return ["higher", "much_higher"].includes(comparisonOf(attack) ?? "");
}

/**
 * Those who match, in order. Whoever has no forecast comes last.
 * @param {Person[]} people
 * @param {Choice} choice
 */
export function chosen(people, { search, order, filter }) {
  const wanted = search.trim().toLowerCase();
  const matching = people.filter(
    (person) =>
      person.participant_id.toLowerCase().includes(wanted) &&
      (filter === "all" || (filter === "above" ? isAbove(person) : person.abstained)),
  );
  const byName = (a, b) => a.participant_id.localeCompare(b.participant_id, undefined, { numeric: true });
  /** @type {Record<string, (person: Person) => number>} */
  const values = {
    ratio: (person) => ratioOf(person) ?? -1,
    probability: (person) => person.attack?.probability ?? -1,
    last: (person) => -Date.parse(person.last_day ?? "1970-01-01"),
  };
  const value = values[order];
  return matching.sort(value ? (a, b) => value(b) - value(a) || byName(a, b) : byName);
}

/**
 * @param {Person[]} people
 * @param {(person: Person) => void} open
 */
export function peopleTable(people, open) {
  const heading = (key) => h("th", { scope: "col" }, t(key));
  return h(
    "table",
    { class: "people" },
    h("caption", { class: "unseen" }, t("staff_people")),
    h("thead", {}, h("tr", {}, heading("staff_person"), heading("staff_risk"), heading("staff_usual"))),
    h("tbody", {}, people.map((person) => row(person, open))),
  );
}

/**
 * @param {Person} person
 * @param {(person: Person) => void} open
 */
function row(person, open) {
  const { participant_id: name, attack, last_day: last } = person;
  return h(
    "tr",
    {},
    h(
      "th",
      { scope: "row" },
      h("button", { type: "button", class: "link", onclick: () => open(person) }, name),
      last ? h("small", {}, t("staff_last", { date: short(last) })) : null,
    ),
    attack ? [h("td", {}, riskCell(attack)), h("td", {}, usualCell(attack), caveats(person))] : h("td", { colspan: 2 }, why(person)),
  );
}

/** @param {any} attack */
function riskCell({ probability, base_rate: usual }) {
  const percent = (value) => `${(100 * value).toFixed(1)}%`;
  return [
    h("strong", {}, ofHundred(probability)),
    h(
      "span",
      { class: "meter", "aria-hidden": "true", style: { "--size": percent(probability) } },
      usual ? h("span", { class: "tick", style: { "--at": percent(usual.rate) } }) : null,
    ),
  ];
}

/** @param {any} attack */
function usualCell(attack) {
  const usual = attack.base_rate;
  if (!usual) return t("usual_unknown");
  const level = /** @type {string} */ (comparisonOf(attack));
  return [h("span", { class: level }, t(`level_${level}`)), h("small", {}, t("staff_rate", { n: ofHundred(usual.rate) }))];
}

/** @param {Person} person why there is no forecast */
function why({ warnings }) {
  const reasons = warnings.filter((warning) => warning.code === "too_little_history");
  return [h("span", {}, t("no_forecast_title")), reasons.map(({ message }) => h("small", { lang: "en" }, message))];
}

/** @param {Person} person */
function caveats({ warnings }) {
  const told = warnings.filter(({ code }) => ["out_of_range", "attack_days_only"].includes(code));
  return told.map(({ code, message, fields }) => {
    const key = `warning_${code}`;
    return h("small", {}, has(key) ? t(key, { fields: list(fields) }) : message);
  });
}
