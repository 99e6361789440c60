// The diary as files: the preview of an import, and exports.

import { ATTACK } from "./contract.js";
import { writeCsv } from "./csv.js";
import { inWords } from "./dates.js";
import { h } from "./dom.js";
import { problemSentence } from "./form.js";
import { FORMAT } from "./importer.js";
import { label, list, locale, number, t } from "./words.js";

/**
 * @typedef {import("./contract.js").Contract} Contract
 * @typedef {import("./diary.js").Diary} Diary
 * @typedef {import("./importer.js").Imported} Imported
 * @typedef {import("./importer.js").Person} Person
 */

const SHOWN = 5;

/**
 * What a file holds and what of it is left out, with a choice of the person and of what unknown columns mean.
 * @param {Imported} imported
 * @param {boolean} replaces whether the present diary goes away
 * @param {Node | null} meanings
 * @param {(person: Person) => void} use
 * @param {() => void} cancel
 */
export function importView(imported, replaces, meanings, use, cancel) {
  const names = [...imported.people.keys()].sort();
  const found = h("p", { "aria-live": "polite" });
  const chosen = h("select", { id: "import-person" }, names.map((name) => h("option", { value: name }, name)));
  const person = () => /** @type {Person} */ (imported.people.get(names.length > 1 ? chosen.value : names[0]));
  const describe = () => found.replaceChildren(summary(person()));
  chosen.addEventListener("change", describe);
  describe();
  return [
    names.length > 1
      ? h("p", { class: "field" }, h("label", { for: "import-person" }, t("import_person", { n: names.length })), chosen)
      : null,
    found,
    skippedView(imported),
    meanings,
    h("p", { class: "quiet" }, t(replaces ? "import_replace" : "import_merge")),
    h(
      "p",
      { class: "choices" },
      h("button", { type: "button", class: "primary", onclick: () => use(person()) }, t("import_add")),
      h("button", { type: "button", onclick: cancel }, t("cancel")),
    ),
  ];
}

/**
 * A choice for every column with a name that means nothing here.
 * @param {string[]} unknown
 * @param {Contract} contract
 * @param {import("./importer.js").Meanings} meanings
 * @param {boolean} open
 * @param {(column: string, field: string) => void} choose
 */
export function meaningsView(unknown, contract, meanings, open, choose) {
  if (!unknown.length) return null;
  const option = (field) => h("option", { value: field.name }, field.role === "key" ? t(`key_${field.kind}`) : label(field));
  const one = (column, k) => {
    const id = `meaning-${k}`;
    const select = h("select", { id }, h("option", { value: "" }, t("import_leave")), contract.fields.map(option));
    select.value = meanings[column] ?? "";
    select.addEventListener("change", () => choose(column, select.value));
    return h("p", { class: "field" }, h("label", { for: id }, column), select);
  };
  const left = unknown.filter((column) => !meanings[column]);
  return h(
    "details",
    { open, class: "meanings" },
    h("summary", {}, h("span", {}, t("import_meanings", { n: unknown.length }))),
    h("p", { class: "quiet" }, left.length ? t("import_unknown", { columns: list(left) }) : null),
    unknown.map(one),
  );
}

/** @param {Person} person */
function summary({ days }) {
  const dates = [...days.keys()].sort();
  const attacks = dates.filter((day) => days.get(day)?.[ATTACK] === 1).length;
  return t("import_found", { n: number(dates.length), first: short(dates[0]), last: short(dates[dates.length - 1]), a: attacks });
}

/** @param {Imported} imported */
function skippedView({ skipped }) {
  if (!skipped.length) return null;
  const one = ({ row, field, problem }) => {
    const text = field ? problemSentence(field, problem) : t(`invalid_${problem}`);
    return h("li", {}, t("import_row", { row, text }));
  };
  const more = skipped.length > SHOWN ? h("li", {}, t("missing_more", { n: skipped.length - SHOWN })) : null;
  return h("div", { class: "note" }, h("p", {}, t("import_skipped", { n: skipped.length })), h("ul", {}, skipped.slice(0, SHOWN).map(one), more));
}

/** @param {string} day */
export function short(day) {
  return inWords(day, locale(), { day: "numeric", month: "short", year: "numeric" });
}

/**
 * A file that `migraine` and this page import again.
 * @param {Diary} diary
 * @param {Contract} contract
 */
export function asCsv(diary, contract) {
  const names = contract.fields.filter((field) => field.role !== "key").map((field) => field.name);
  const rows = diary.dates.map((day) => {
    /** @type {Record<string, string | number>} */
    const values = { ...diary.about, ...diary.days.get(day) };
    return ["me", day, ...names.map((name) => values[name] ?? "")];
  });
  return writeCsv([["participant_id", "date", ...names], ...rows]);
}

/**
 * Everything that is kept. The entries are those of a body of /predict.
 * @param {Diary} diary
 */
export function asJson(diary) {
  const forecasts = [...diary.forecasts.values()].map(({ day, made, probability }) => ({ day, made, probability }));
  const entries = diary.dates.map((date) => ({ date, ...diary.days.get(date) }));
  return `${JSON.stringify({ format: FORMAT, version: 1, ...diary.about, entries, forecasts }, null, 1)}\n`;
}

/**
 * Offer `content` as a download.
 * @param {string} name
 * @param {string} content
 * @param {string} type
 */
export function download(name, content, type) {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = h("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
