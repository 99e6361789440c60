// The fields of a diary, as /contract describes them, and the values that they accept.
// No field is named here, so custom fields appear in forms and imports without changes.

/**
 * @typedef {{
 *   name: string, kind: "string" | "date" | "category" | "number" | "flag",
 *   role: "key" | "static" | "exposure" | "premonitory" | "outcome",
 *   description: string, unit: string, low: number | null, high: number | null,
 *   categories: string[], spellings: Record<string, string>,
 *   aliases: { name: string, recode: Record<string, string> }[], used: boolean,
 * }} Field
 * @typedef {{ entries: number, look_back_days: number, least_known_days: number, simulated_model: boolean, fields: Field[] }} Contract
 * @typedef {number | string} Value
 * @typedef {Record<string, Value>} Values
 * @typedef {{ value: Value | null } | { problem: "number" | "range" | "flag" | "category" }} Checked
 */

export const ATTACK = "migraine_occurrence";
export const SEVERITY = "migraine_severity";
export const DURATION = "duration_h";

const YES = new Set(["1", "1.0", "true", "yes", "y", "ja", "j", "sí", "si", "s", "oui", "o", "x"]);
const NO = new Set(["0", "0.0", "false", "no", "n", "nein", "non"]);
const EMPTY = new Set(["", "na", "n/a", "nan", "null", "none", "-", "–"]);

/**
 * Return the fields with one of `roles` that a person enters.
 * @param {Contract} contract
 * @param {...Field["role"]} roles
 */
export function fieldsOf(contract, ...roles) {
  return contract.fields.filter((field) => roles.includes(field.role) && field.role !== "key");
}

/**
 * @param {Contract} contract
 * @param {string} name
 */
export function fieldNamed(contract, name) {
  return contract.fields.find((field) => field.name === name);
}

/**
 * Return the value of `text` for `field`, null for an empty text, or the problem with it.
 * @param {Field} field
 * @param {string} text
 * @returns {Checked}
 */
export function check(field, text) {
  const plain = text.trim().toLowerCase();
  if (EMPTY.has(plain)) return { value: null };
  if (field.kind === "flag") {
    if (YES.has(plain)) return { value: 1 };
    return NO.has(plain) ? { value: 0 } : { problem: "flag" };
  }
  if (field.kind === "category") {
    const value = field.categories.find((each) => each.toLowerCase() === plain) ?? field.spellings[plain];
    return value ? { value } : { problem: "category" };
  }
  const number = toNumber(plain);
  if (number === null) return { problem: "number" };
  const low = field.low ?? -Infinity;
  const high = field.high ?? Infinity;
  return number < low || number > high ? { problem: "range" } : { value: number };
}

/**
 * Parse a number with a decimal point or comma.
 * @param {string} text
 * @returns {number | null}
 */
function toNumber(text) {
  return /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/.test(text) ? Number(text.replace(",", ".")) : null;
}

/**
 * Return `values` without contradictions: without an attack, severity and duration are removed.
 * @param {Values} values
 * @returns {Values}
 */
export function consistent(values) {
  const kept = { ...values };
  if (kept[ATTACK] !== 1) {
    delete kept[SEVERITY];
    delete kept[DURATION];
  }
  return kept;
}
