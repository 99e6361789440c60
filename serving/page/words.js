// The language of the page: texts of the table, dates and numbers.

import { FIELDS, HELP } from "./field_strings.js";
import { LANGUAGES, STRINGS } from "./strings.js";

/** @typedef {import("./contract.js").Field} Field */

const STORED = "language";

/** @returns {string} the code of a language of the table */
export function language() {
  const wanted = [localStorage.getItem(STORED) ?? "", ...navigator.languages];
  const known = wanted.map((each) => each.slice(0, 2).toLowerCase()).find((each) => each in LANGUAGES);
  return known ?? "en";
}

/** Return the language with the region of this browser, for dates and numbers. */
export function locale() {
  return navigator.languages.find((each) => each.slice(0, 2).toLowerCase() === language()) ?? language();
}

/** @param {string} code */
export function setLanguage(code) {
  localStorage.setItem(STORED, code);
}

/**
 * The text `key` of the table, with `values` in place of their names in braces.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const row = STRINGS[key];
  if (!row) throw new Error(`There is no text ${key}.`);
  const text = row[Object.keys(LANGUAGES).indexOf(language())] ?? row[0];
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/**
 * Whether the table has the text `key`.
 * @param {string} key
 */
export function has(key) {
  return key in STRINGS;
}

/**
 * @param {number} value
 * @param {number} [digits] after the decimal point, at most
 */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** @param {string[]} items */
export function list(items) {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(items);
}

/**
 * The name of a field for people.
 * @param {Field | string} field
 */
export function label(field) {
  const name = typeof field === "string" ? field : field.name;
  const known = FIELDS[name]?.[Object.keys(LANGUAGES).indexOf(language())];
  return known ?? name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
}

/**
 * The sentence about a field, and its language, which is English where the table has no other.
 * @param {Field} field
 * @returns {{ text: string, lang: string }}
 */
export function help(field) {
  const known = language() === "en" ? undefined : HELP[field.name]?.[Object.keys(LANGUAGES).indexOf(language()) - 1];
  return known ? { text: known, lang: language() } : { text: field.description, lang: "en" };
}

/**
 * A unit for people: scales and flags have none, since the bounds say the same.
 * @param {Field} field
 */
export function unit(field) {
  if (field.kind !== "number" || /\d/.test(field.unit) || field.unit === "index") return "";
  return has(`unit_${field.unit}`) ? t(`unit_${field.unit}`) : field.unit;
}

/**
 * A category for people.
 * @param {string} value
 */
export function category(value) {
  return has(`category_${value}`) ? t(`category_${value}`) : value.replaceAll("_", " ");
}
