// Probabilities in words, as frequencies of days, because people misread them less often than percentages.

import { t } from "./words.js";

/** @type {[number, number][]} the frequencies that the page uses, rare first */
const FREQUENCIES = [
  [1, 20], [1, 15], [1, 12], [1, 10], [1, 8], [1, 7], [1, 6], [1, 5], [1, 4], [1, 3],
  [4, 10], [5, 10], [6, 10], [7, 10], [8, 10], [9, 10],
];
const RARE = 0.04;
const FREQUENT = 0.95;

/** @type {[number, string][]} the levels of the service by their largest ratio, for answers without one */
const LEVELS = [
  [0.5, "much_lower"],
  [0.8, "lower"],
  [1.25, "usual"],
  [2, "higher"],
];

/**
 * @param {number} probability
 * @returns {string} a sentence
 */
export function inFrequencies(probability) {
  if (probability < RARE) return t("risk_below", { n: 1, d: 20 });
  if (probability > FREQUENT) return t("risk_above", { n: 9, d: 10 });
  const distance = ([n, d]) => Math.abs(Math.log(n / d / probability));
  const [n, d] = FREQUENCIES.reduce((best, each) => (distance(each) < distance(best) ? each : best));
  return t("risk_about", { n, d });
}

/** @param {number} probability days of 100 */
export function ofHundred(probability) {
  return Math.round(100 * probability);
}

/**
 * How the risk compares with the person's own rate; null where one of them is not known.
 * @param {any} attack
 * @returns {string | null}
 */
export function comparisonOf(attack) {
  const usual = attack?.base_rate?.rate;
  if (!usual) return null;
  const ratio = attack.probability / usual;
  return attack.relative_to_usual?.level ?? LEVELS.find(([most]) => ratio < most)?.[1] ?? "much_higher";
}
