// Import of a diary from a file. It is read in the browser, and every value is checked against the contract.

import { check, consistent } from "./contract.js";
import { parseCsv } from "./csv.js";
import { isDay, iso, today } from "./dates.js";

/**
 * @typedef {import("./contract.js").Contract} Contract
 * @typedef {import("./contract.js").Field} Field
 * @typedef {import("./contract.js").Values} Values
 * @typedef {{ about: Values, days: Map<string, Values> }} Person
 * @typedef {{ row: number, field: Field | null, problem: string }} Skipped
 * @typedef {{ people: Map<string, Person>, unknown: string[], skipped: Skipped[] }} Imported `unknown`: columns with
 *   unknown columns; the person can choose their meaning
 * @typedef {Record<string, string>} Meanings the field that a person chose for a column, by the name of the column
 * @typedef {{ field: Field, at: number, recode: Record<string, string> }} Column
 */

export const FORMAT = "migraine-diary";
const NAMELESS = "";

/** The error for a file that cannot be imported; its message is the key of a text. */
export class ImportRefused extends Error {
  /**
   * @param {string} message
   * @param {string[]} [unknown] columns whose meaning a person can choose
   */
  constructor(message, unknown = []) {
    super(message);
    this.unknown = unknown;
  }
}

/**
 * @param {string} text
 * @param {Contract} contract
 * @param {Meanings} [meanings]
 * @returns {Imported}
 */
export function readDiary(text, contract, meanings = {}) {
  const start = text.trimStart()[0];
  const rows = start === "{" || start === "[" ? rowsOfJson(text, contract) : parseCsv(text);
  const imported = fromTable(rows, contract, meanings);
  for (const [name, person] of imported.people) if (!person.days.size) imported.people.delete(name);
  if (!imported.people.size) throw new ImportRefused("import_no_days", imported.unknown);
  return imported;
}

/**
 * An export of this page, or a body of /predict.
 * @param {string} text
 * @param {Contract} contract
 */
function rowsOfJson(text, contract) {
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    throw new ImportRefused("import_unreadable");
  }
  const entries = Array.isArray(document) ? document : document.entries;
  if (!Array.isArray(entries)) throw new ImportRefused("import_unreadable");
  const about = Array.isArray(document) ? {} : document;
  const names = [...new Set(entries.flatMap((entry) => Object.keys(entry ?? {})))];
  const statics = contract.fields.filter((field) => field.role === "static" && field.name in about);
  const header = { line: 0, cells: [...names, ...statics.map((field) => field.name)] };
  const cell = (value) => (value === null || value === undefined ? "" : String(value));
  const rows = entries.map((entry, k) => ({
    line: k + 1,
    cells: [...names.map((name) => cell(entry?.[name])), ...statics.map((field) => cell(about[field.name]))],
  }));
  return [header, ...rows];
}

/**
 * @param {{ line: number, cells: string[] }[]} rows the first has the names of the columns
 * @param {Contract} contract
 * @param {Meanings} meanings
 * @returns {Imported}
 */
function fromTable(rows, contract, meanings) {
  if (!rows.length) throw new ImportRefused("import_no_days");
  const { columns, unknown } = columnsOf(rows[0].cells, contract, meanings);
  const date = columns.find((column) => column.field.name === "date");
  if (!date) throw new ImportRefused("import_no_date", unknown);
  const person = columns.find((column) => column.field.role === "key" && column !== date);
  const body = rows.slice(1);
  const toDay = dayReader(body.map((row) => row.cells[date.at] ?? ""), unknown);
  /** @type {Imported} */
  const imported = { people: new Map(), unknown, skipped: [] };
  for (const { line, cells } of body) {
    const day = toDay(cells[date.at] ?? "");
    if (!day || day > today()) {
      imported.skipped.push({ row: line, field: null, problem: day ? "future" : "date" });
      continue;
    }
    const name = person ? (cells[person.at] ?? "").trim() : NAMELESS;
    if (!imported.people.has(name)) imported.people.set(name, { about: {}, days: new Map() });
    const { about, days } = /** @type {Person} */ (imported.people.get(name));
    const values = valuesOf(line, cells, columns, imported.skipped);
    for (const { field } of columns) {
      if (field.role !== "static" || !(field.name in values)) continue;
      about[field.name] = values[field.name];
      delete values[field.name];
    }
    days.set(day, consistent({ ...days.get(day), ...values }));
  }
  return imported;
}

/**
 * @param {number} row
 * @param {string[]} cells
 * @param {Column[]} columns
 * @param {Skipped[]} skipped
 */
function valuesOf(row, cells, columns, skipped) {
  /** @type {Values} */
  const values = {};
  for (const { field, at, recode } of columns) {
    if (field.role === "key") continue;
    const cell = (cells[at] ?? "").trim();
    const checked = check(field, recode[cell] ?? cell);
    if ("problem" in checked) skipped.push({ row, field, problem: checked.problem });
    else if (checked.value !== null) values[field.name] = checked.value;
  }
  return values;
}

/**
 * Which column holds which field: by its name, by an alias that the contract knows, or as a person says.
 * @param {string[]} header
 * @param {Contract} contract
 * @param {Meanings} meanings
 * @returns {{ columns: Column[], unknown: string[] }}
 */
function columnsOf(header, contract, meanings) {
  /** @type {Column[]} */
  const columns = [];
  const places = header.map(canonical);
  for (const field of contract.fields) {
    const candidates = [{ name: field.name, recode: {} }, ...field.aliases];
    const known = candidates.find(({ name }) => places.includes(canonical(name)));
    if (known) columns.push({ field, at: places.indexOf(canonical(known.name)), recode: known.recode });
  }
  const used = new Set(columns.map((column) => column.at));
  const unknown = header.filter((name, k) => !used.has(k) && name.trim() !== "");
  const chosen = unknown.flatMap((name) => contract.fields.filter((field) => field.name === meanings[name]).map((field) => ({ field, at: header.indexOf(name), recode: {} })));
  const replaced = new Set(chosen.map((column) => column.field));
  return { columns: [...columns.filter((column) => !replaced.has(column.field)), ...chosen], unknown };
}

/** @param {string} name letters and digits only, as the service compares names */
function canonical(name) {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/**
 * How the dates of a column are read. 3/4/2026 alone could be March or April: the other dates of the column decide.
 * @param {string[]} texts
 * @param {string[]} unknown
 * @returns {(text: string) => string | null}
 */
function dayReader(texts, unknown) {
  const slashed = texts.map((text) => /^(\d{1,2})\/(\d{1,2})\/(\d{4})\b/.exec(text.trim())).filter((match) => match !== null);
  const dayFirst = slashed.some((match) => Number(match[1]) > 12);
  const monthFirst = slashed.some((match) => Number(match[2]) > 12);
  if (slashed.length && dayFirst === monthFirst) throw new ImportRefused("import_ambiguous", unknown);
  return (text) => {
    const plain = text.trim();
    const numbers = /^(\d{1,2})([./])(\d{1,2})\2(\d{4})\b/.exec(plain);
    if (!numbers) return isDay(plain.slice(0, 10)) ? plain.slice(0, 10) : null;
    const [, one, sign, two, year] = numbers;
    const [day, month] = sign === "." || dayFirst ? [one, two] : [two, one];
    const written = iso(Number(year), Number(month), Number(day));
    return isDay(written) ? written : null;
  };
}
