// The list of all participants' forecasts: sorting, filtering, searching, and the table.

import { today } from "./dates.js";
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
 * @typedef {"all" | "above" | "abstained" | "outdated"} Filter
 * @typedef {{ search: string, order: Order, filter: Filter }} Choice
 */

/** @type {Order[]} */
export const ORDERS = ["ratio", "probability", "name", "last"];
/** @type {Filter[]} */
export const FILTERS = ["all", "above", "abstained", "outdated"];

/** Building a collator takes longer than thousands of comparisons. */
const NAMES = new Intl.Collator(undefined, { numeric: true });

/** @param {Person} person the risk against the person's own rate; null where one of them is not known */
export function ratioOf({ attack }) {
  const usual = attack?.base_rate?.rate;
  return attack && usual ? (attack.relative_to_usual?.ratio ?? attack.probability / usual) : null;
}

/** @param {Person} person */
export function isAbove({ attack }) {
  return ["higher", "much_higher"].includes(comparisonOf(attack) ?? "");
}

/** @param {Person} person whether the diary ends so early that the forecast is of a day before today */
export function isOutdated({ for_date: day, days }) {
  return days > 0 && day !== null && day < today();
}

/** @type {Record<Filter, (person: Person) => boolean>} */
const MATCHES = { all: () => true, above: isAbove, abstained: (person) => person.abstained, outdated: isOutdated };

/**
 * Those who match, in order. Whoever has no forecast comes last.
 * @param {Person[]} people
 * @param {Choice} choice
 */
export function chosen(people, { search, order, filter }) {
  const wanted = search.trim().toLowerCase();
  const matching = people.filter((person) => person.participant_id.toLowerCase().includes(wanted) && MATCHES[filter](person));
  const byName = (a, b) => NAMES.compare(a.participant_id, b.participant_id);
  /** @type {Record<string, (person: Person) => number>} */
  const values = {
    ratio: (person) => ratioOf(person) ?? -1,
    probability: (person) => person.attack?.probability ?? -1,
    last: (person) => -Date.parse(person.last_day ?? "1970-01-01"),
  };
  const value = values[order];
  if (!value) return matching.sort(byName);
  const keyed = matching.map((person) => ({ person, key: value(person) }));
  return keyed.sort((a, b) => b.key - a.key || byName(a.person, b.person)).map(({ person }) => person);
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
    h("tbody", {}, peopleRows(people, open)),
  );
}

/**
 * @param {Person[]} people
 * @param {(person: Person) => void} open
 */
export function peopleRows(people, open) {
  return people.map((person) => row(person, open));
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
function caveats(person) {
  const { warnings, for_date: day } = person;
  const told = warnings.filter(({ code }) => ["out_of_range", "attack_days_only"].includes(code));
  const outdated = isOutdated(person) ? [h("small", {}, t("staff_outdated", { date: short(/** @type {string} */ (day)) }))] : [];
  return [...outdated, ...told.map(({ code, message, fields }) => {
    const key = `warning_${code}`;
    return h("small", {}, has(key) ? t(key, { fields: list(fields) }) : message);
  })];
}
