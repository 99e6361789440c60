// Probabilities in words: as frequencies of days, which people read more safely than percentages.

import { t } from "./words.js";

/** @type {[number, number][]} the frequencies that the page uses, rare first */
const FREQUENCIES = [
  [1, 20], [1, 15], [1, 12], [1, 10], [1, 8], [1, 7], [1, 6], [1, 5], [1, 4], [1, 3],
  [4, 10], [5, 10], [6, 10], [7, 10], [8, 10], [9, 10],
];
const RARE = 0.04;
const FREQUENT = 0.95;

// Without a word of the service: within a quarter of the usual is "about the usual".
const MORE = 1.25;
const LESS = 0.8;

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
 * How a probability compares with the person's own rate.
 * @param {number} probability
 * @param {number} usual
 * @returns {"more" | "less" | "same"}
 */
export function comparedWith(probability, usual) {
  if (probability >= MORE * usual) return "more";
  return probability <= LESS * usual ? "less" : "same";
}
