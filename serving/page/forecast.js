// The forecast in an answer of the service: risk compared with the usual, certainty, reasons, missing entries.

import { ATTACK, fieldNamed } from "./contract.js";
import { between, daysUpTo, inWords, shift, today } from "./dates.js";
import { h } from "./dom.js";
import { comparisonOf, inFrequencies, ofHundred } from "./risk.js";
import { has, label, locale, list, number, t } from "./words.js";

/**
 * @typedef {import("./contract.js").Contract} Contract
 * @typedef {import("./diary.js").Diary} Diary
 * @typedef {{ field: string, contribution: number, given: boolean, description: string, sentence?: string }} Contribution
 */

const DOTS = 20;
const REASONS = 5;
/** The bars end at ten days of 100, or at a larger effect, so that a small effect looks small. */
const LEAST_SCALE = 0.1;
const MISSING = 6;
/** Warnings that the page shows elsewhere, or that are irrelevant to the person. */
const SILENT = new Set(["too_little_history", "simulated_model", "other_features_code"]);

const LONG = /** @type {const} */ ({ weekday: "long", day: "numeric", month: "long" });

/**
 * The body of /predict: the days that a model can look at, and no name.
 * @param {Diary} diary
 * @param {Contract} contract
 */
export function requestOf(diary, contract) {
  const last = /** @type {string} */ (diary.last);
  const dates = diary.dates.filter((day) => day >= shift(last, -contract.look_back_days)).slice(-contract.entries);
  const kept = keptFields(contract);
  const entries = dates.map((date) => ({ date, ...kept(diary.days.get(date) ?? {}) }));
  return { ...kept(diary.about), explain: true, entries };
}

/**
 * A function that leaves out what the contract does not know.
 * @param {Contract} contract
 */
export function keptFields(contract) {
  const known = new Set(contract.fields.map((field) => field.name));
  /** @param {import("./contract.js").Values} values */
  return (values) => Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name)));
}

/**
 * @param {any} answer of /predict
 * @param {Diary} diary
 * @param {Contract} contract
 * @param {((day: string, field?: string) => void) | null} edit opens the form; null: nothing can be entered here
 * @returns {Node[]}
 */
export function forecastView(answer, diary, contract, edit) {
  const parts = answer.attack ? riskView(answer, diary) : abstentionView(diary, contract);
  return [
    ...parts,
    outcomeView(answer.outcome),
    ...staleView(diary, edit),
    ...warningViews(answer.warnings ?? []),
    reasonsView(answer, diary, contract, edit),
    modelView(answer),
  ].filter((node) => node !== null);
}

/** @param {string} day */
export function dayTitle(day) {
  const words = inWords(day, locale(), LONG);
  return day === shift(today(), 1) ? `${t("tomorrow")}, ${words}` : t("forecast_for", { date: words });
}

/**
 * @param {any} answer
 * @param {Diary} diary
 */
function riskView(answer, diary) {
  const { probability, base_rate: usual, interval } = answer.attack;
  return [
    h("p", { class: "headline", id: "headline" }, inFrequencies(probability)),
    dots(probability),
    h("p", {}, usualSentence(answer.attack)),
    scale(probability, usual?.rate, interval),
    h("p", { class: "quiet" }, interval ? intervalSentence(interval) : t("interval_unknown")),
    answer.severity ? h("p", {}, severitySentence(answer.severity)) : null,
    h("p", { class: "quiet" }, madeFrom(diary)),
  ];
}

/** @param {{ description: string, first_date: string, last_date: string } | undefined} outcome not an attack of one day */
function outcomeView(outcome) {
  if (!outcome) return null;
  const day = (date) => inWords(date, locale(), { day: "numeric", month: "long" });
  const span = outcome.first_date === outcome.last_date ? day(outcome.last_date) : `${day(outcome.first_date)} – ${day(outcome.last_date)}`;
  return h("p", { class: "note" }, h("span", { lang: "en" }, outcome.description), ` ${span}`);
}

/** @param {any} attack */
function usualSentence(attack) {
  const usual = attack.base_rate;
  if (!usual) return t("usual_unknown");
  const counts = t("usual_counts", { a: usual.attacks, b: usual.observed_days });
  return `${t("usual_is", { level: t(`level_${comparisonOf(attack)}`) })} ${counts}`;
}

/** @param {{ low: number, high: number }} interval */
function intervalSentence(interval) {
  return t("interval", { a: ofHundred(interval.low), b: ofHundred(interval.high) });
}

/** @param {any} severity */
function severitySentence({ expected, interval_90: range, kind }) {
  const words = t(kind === "burden" ? "burden" : "severity", { x: number(expected) });
  return range && kind !== "burden"
    ? `${words} ${t("severity_range", { a: number(range.low), b: number(range.high) })}`
    : words;
}

/** @param {Diary} diary */
function madeFrom(diary) {
  const last = /** @type {string} */ (diary.last);
  const count = diary.dates.filter((day) => between(day, last) < 28).length;
  return t("made_from", { n: count, date: inWords(last, locale(), { day: "numeric", month: "long" }) });
}

/** @param {number} probability */
function dots(probability) {
  const filled = Math.round(DOTS * probability);
  const one = (_, k) => h("span", { class: k < filled ? "dot filled" : "dot" });
  const words = t("dots", { n: filled, d: DOTS });
  return h(
    "div",
    { class: "frequency", role: "img", "aria-label": words },
    h("div", { class: "dots" }, Array.from({ length: DOTS }, one)),
    h("small", {}, words),
  );
}

/**
 * @param {number} probability
 * @param {number | undefined} usual
 * @param {{ low: number, high: number } | null} interval
 */
function scale(probability, usual, interval) {
  const percent = (value) => `${(100 * value).toFixed(1)}%`;
  const words = t("scale", {
    p: ofHundred(probability),
    u: usual === undefined ? "–" : ofHundred(usual),
    a: interval ? ofHundred(interval.low) : "–",
    b: interval ? ofHundred(interval.high) : "–",
  });
  return h(
    "div",
    { class: "scale", role: "img", "aria-label": words },
    interval &&
      h("span", { class: "range", style: { "--from": percent(interval.low), "--to": percent(interval.high) } }),
    usual !== undefined && h("span", { class: "usual", style: { "--at": percent(usual) } }, h("small", {}, t("scale_usual"))),
    h("span", { class: "now", style: { "--at": percent(probability) } }),
    h("span", { class: "ends" }, h("small", {}, "0"), h("small", {}, t("scale_days", { n: 100 }))),
  );
}

/**
 * @param {Diary} diary
 * @param {Contract} contract
 */
function abstentionView(diary, contract) {
  const values = { n: contract.least_known_days, w: contract.look_back_days, k: knownOutcomes(diary, contract) };
  return [h("p", { class: "headline", id: "headline" }, t("no_forecast_title")), h("p", {}, t("no_forecast", values))];
}

/**
 * @param {Diary} diary
 * @param {Contract} contract
 */
function knownOutcomes(diary, contract) {
  const last = diary.last;
  if (!last) return 0;
  return daysUpTo(last, contract.look_back_days).filter((day) => ATTACK in (diary.days.get(day) ?? {})).length;
}

/**
 * @param {Diary} diary
 * @param {((day: string) => void) | null} edit
 */
function staleView(diary, edit) {
  const age = diary.last ? between(diary.last, today()) : 0;
  if (age < 1) return [];
  if (!edit) return [];
  const enter = h("button", { type: "button", onclick: () => edit(today()) }, t("start_today"));
  return [h("p", { class: "note" }, t("stale", { n: age }), " ", enter)];
}

/** @param {{ code: string, message: string, fields: string[] }[]} warnings */
function warningViews(warnings) {
  return warnings
    .filter((warning) => !SILENT.has(warning.code))
    .map(({ code, message, fields }) => {
      const key = `warning_${code}`;
      return h("p", { class: "note" }, has(key) ? t(key, { fields: list(fields.map(label)) }) : message);
    });
}

/**
 * @param {any} answer
 * @param {Diary} diary
 * @param {Contract} contract
 * @param {((day: string, field?: string) => void) | null} edit
 */
function reasonsView(answer, diary, contract, edit) {
  const reasons = answer.reasons?.attack;
  if (!reasons) return null;
  /** @type {Contribution[]} */
  const all = reasons.contributions;
  const given = all.filter((each) => each.given).slice(0, REASONS);
  const largest = Math.max(...given.map((each) => Math.abs(each.contribution)), LEAST_SCALE);
  return h(
    "div",
    { class: "reasons" },
    h("h3", {}, t("reasons_title")),
    h("p", { class: "quiet" }, t("reasons_start", { n: ofHundred(reasons.reference) })),
    h("ul", { class: "bars" }, given.map((each) => bar(each, largest))),
    h("p", { class: "quiet" }, t("reasons_note")),
    missingView(all, diary, contract, edit),
  );
}

/**
 * @param {Contribution} reason
 * @param {number} largest
 */
function bar({ field, contribution, sentence }, largest) {
  const days = Math.round(Math.abs(100 * contribution));
  const key = days === 0 ? "reason_none" : contribution > 0 ? "reason_more" : "reason_less";
  const size = `${((50 * Math.abs(contribution)) / largest).toFixed(1)}%`;
  return h(
    "li",
    { class: contribution > 0 ? "more" : "less" },
    sentence
      ? h("span", { class: "words" }, sentence)
      : h("span", { class: "words" }, h("strong", {}, label(field)), h("span", {}, t(key, { n: days }))),
    h("span", { class: "bar", "aria-hidden": "true", style: { "--size": size } }),
  );
}

/**
 * @param {Contribution[]} all
 * @param {Diary} diary
 * @param {Contract} contract
 * @param {((day: string, field?: string) => void) | null} edit
 */
function missingView(all, diary, contract, edit) {
  const last = /** @type {string} */ (diary.last);
  const open = all.filter((each) => !each.given && enterable(contract, each.field));
  const date = inWords(last, locale(), { day: "numeric", month: "long" });
  const one = ({ field }) =>
    edit
      ? h("button", { type: "button", class: "small", onclick: () => edit(last, field) }, label(field))
      : h("span", { class: "tag" }, label(field));
  const more = open.length > MISSING ? t("missing_more", { n: open.length - MISSING }) : null;
  const known = { k: knownOutcomes(diary, contract), w: contract.look_back_days };
  return h(
    "div",
    { class: "missing" },
    h("h3", {}, t("missing_title")),
    h("p", {}, open.length ? t("missing_text", { date }) : t("missing_none")),
    open.length ? h("p", { class: "choices" }, open.slice(0, MISSING).map(one), more) : null,
    h("p", { class: "quiet" }, t("missing_outcomes", known)),
  );
}

/**
 * @param {Contract} contract
 * @param {string} name
 */
function enterable(contract, name) {
  const field = fieldNamed(contract, name);
  return field !== undefined && field.role !== "key";
}

/** @param {any} answer */
function modelView(answer) {
  const model = answer.model?.attack;
  if (!model) return null;
  const values = { algorithm: model.algorithm.replaceAll("_", " "), version: model.bundle.slice(0, 8) };
  return h("p", { class: "quiet fine" }, t("model", values));
}
