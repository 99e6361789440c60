// Forecasts in the browser: the champions' graphs, run by ONNX Runtime Web on features computed here.
// The answer has the form of /predict, so the page shows it like one of a service. Not here: features (features.js),
// cleaning (cleaning.js), reasons (explanation.js), their sentences (sentences.js), files (service.js).

import { changedColumns, clean } from "./cleaning.js";
import { explain } from "./explanation.js";
import { featuresOf } from "./features.js";
import { inWords, lastKnown } from "./sentences.js";

/**
 * @typedef {import("./features.js").Recipe & {
 *   cleaning: import("./cleaning.js").Cleaning,
 *   fields: { name: string, kind: string, role: string, encoding: { column: string, numbers: Record<string, number> } | null }[],
 * }} FullRecipe
 * @typedef {{
 *   task: "attack" | "severity", horizon: number, identity: object, output: string, recipe: FullRecipe,
 *   names: string[], inputs: number[], past: number[], needed_days: number, row: Float32Array,
 *   fences: { input: number, field: string, low: number, high: number }[],
 *   fields_of: string[][], fields: Record<string, { kind: string, description: string }>, used: string[],
 *   threshold: number, band: { low: number, high: number, slope: number, centre: number } | null,
 *   scale: { low: number, high: number, kind: string, half_width: number | null }, orders: number[][][],
 *   simulated: boolean, forms: Record<string, import("./sentences.js").Forms>,
 * }} Model
 * @typedef {{ run(inputs: object): Promise<any> }} Session
 */

const ATTACK = "migraine_occurrence";
const DAY = 86_400_000;
/** So many known days, all with an attack, suggest that days without one were left out. */
const LEAST_ATTACK_DAYS = 3;
const CLIP = 1e-6;
const BANDS = ["low", "moderate", "high", "very_high"];
/** A risk above this multiple of the usual one is higher than usual. */
const USUAL_UP_TO = 1.25;

/** @param {Record<string, any>} document a model of models.json */
export function modelOf(document) {
  const number = (value) => (value === null ? NaN : value);
  return /** @type {Model} */ ({ ...document, row: Float32Array.from(document.row, number) });
}

export class Predictor {
  /**
   * @param {{ model: Model, session: Session }[]} loaded the model of each task; that of attacks first
   * @param {(rows: Float32Array[], width: number) => object} tensor makes the input of a session
   */
  constructor(loaded, tensor) {
    this._loaded = loaded;
    this._tensor = tensor;
  }

  /**
   * @param {Record<string, any>} body of /predict: values of the person, `entries` oldest first, `explain`
   * @param {string} language of the sentences
   * @returns {Promise<any>} as /predict answers, without an id
   */
  async predict(body, language) {
    const day = body.entries.map(({ date }) => Date.parse(date) / DAY);
    /** @type {Record<string, any>} */
    const parts = {};
    for (const { model, session } of this._loaded) parts[model.task] = await this._score(model, session, body, day);
    const { attack, severity = null } = parts;
    const { past } = attack;
    return {
      for_date: new Date((day[day.length - 1] + attack.model.horizon) * DAY).toISOString().slice(0, 10),
      abstained: attack.output === null,
      attack: attack.output === null ? null : attackOf(attack),
      severity: severity && severity.output !== null ? severityOf(severity) : null,
      reasons: body.explain ? { attack: inWords(attack, past, language), severity: severity && inWords(severity, past, language) } : null,
      model: { attack: attack.model.identity, severity: severity?.model.identity ?? null },
      warnings: warningsOf(attack, Object.values(parts)),
      simulated_model: Object.values(parts).some(({ model }) => model.simulated),
    };
  }

  /**
   * @param {Model} model
   * @param {Session} session
   * @param {Record<string, any>} body
   * @param {number[]} day
   */
  async _score(model, session, body, day) {
    const columns = columnsOf(body, model.recipe.fields);
    const cleaned = clean(columns, model.recipe.cleaning);
    const features = featuresOf(day, cleaned, model.recipe, model.horizon);
    const row = Float32Array.from(model.inputs, (k) => features[k]);
    const past = model.past.map((k) => features[k]);
    const given = namesGiven(body);
    const enough = model.needed_days ? past[1] >= model.needed_days : row.some((value) => !Number.isNaN(value));
    const run = (rows) => this._run(model, session, rows);
    const output = enough ? (await run([row]))[0] : null;
    const reasons = enough && body.explain ? await explain(model, row, /** @type {number} */ (output), given, run) : null;
    const reported = (field) => lastKnown(columns, day, model.recipe.fields.find(({ name }) => name === field));
    return { model, row, past, output, reasons, given, reported, changed: changedColumns(columns, cleaned) };
  }

  /**
   * @param {Model} model
   * @param {Session} session
   * @param {Float32Array[]} rows
   * @returns {Promise<number[]>}
   */
  async _run(model, session, rows) {
    if (!rows.length) return [];
    const results = await session.run({ features: this._tensor(rows, model.names.length) });
    return Array.from(results[model.output].data);
  }
}

/**
 * The diary columns of a body, one value per entry. A value of the person fills the days that lack it.
 * @param {Record<string, any>} body
 * @param {FullRecipe["fields"]} fields
 * @returns {import("./cleaning.js").Columns}
 */
export function columnsOf(body, fields) {
  const columns = new Map();
  for (const { name, kind, role, encoding } of fields) {
    if (!encoding && kind !== "number" && kind !== "flag") continue;
    const number = (value) => (value == null ? NaN : encoding ? (encoding.numbers[value] ?? NaN) : Number(value));
    const shared = role === "static" ? number(body[name]) : NaN;
    const values = Float64Array.from(body.entries, (entry) => number(entry[name]));
    columns.set(encoding?.column ?? name, values.map((value) => (Number.isNaN(value) ? shared : value)));
  }
  return columns;
}

/** @param {Record<string, any>} body */
function namesGiven(body) {
  const named = (values) => Object.keys(values).filter((name) => values[name] != null);
  const { entries, explain, ...about } = body;
  const names = new Set([...named(about), ...entries.flatMap(named)]);
  names.delete("date");
  return names;
}

/** @param {{ model: Model, output: number, past: number[] }} part */
function attackOf({ model, output, past: [attacks, observed, rate] }) {
  const probability = Math.min(Math.max(output, 0), 1);
  const usual = observed > 0 && rate > 0 ? { rate, attacks, observed_days: observed } : null;
  const ratio = usual && probability / rate;
  return {
    probability,
    risk_band: bandOf(probability, model.threshold, ratio),
    threshold: model.threshold,
    base_rate: usual,
    relative_to_usual: ratio === null ? null : { ratio, level: levelOf(ratio) },
    interval: model.band && intervalAround(probability, model.band),
  };
}

/**
 * The band of a probability, as migraine_assets/prediction/risk.py chooses it: high only above what is usual.
 * @param {number} probability
 * @param {number} threshold the probability from which an attack is announced
 * @param {number | null} ratio of the probability and the usual one
 */
function bandOf(probability, threshold, ratio) {
  const limits = [threshold / 2, threshold, (1 + threshold) / 2];
  const band = limits.filter((limit) => probability >= limit).length;
  const usual = probability >= threshold && ratio !== null && ratio <= USUAL_UP_TO;
  return BANDS[usual ? band - 1 : band];
}

/** @param {number} ratio */
function levelOf(ratio) {
  if (ratio < 0.8) return ratio <= 0.5 ? "much_lower" : "lower";
  if (ratio <= USUAL_UP_TO) return "usual";
  return ratio >= 2 ? "much_higher" : "higher";
}

/**
 * How often attacks follow days with this probability, with 95 % confidence (serving/model/intervals.py).
 * @param {number} probability
 * @param {NonNullable<Model["band"]>} band
 */
function intervalAround(probability, { low, high, slope, centre }) {
  const clipped = Math.min(Math.max(probability, CLIP), 1 - CLIP);
  const x = Math.log(clipped) - Math.log1p(-clipped);
  const spread = Math.hypot((high - low) / 2, Math.abs(x - centre) * slope);
  const middle = x + (low + high) / 2;
  const rounded = (value) => Math.round(1e6 * value) / 1e6;
  const at = (value) => 1 / (1 + Math.exp(-value));
  return { low: rounded(Math.min(at(middle - spread), probability)), high: rounded(Math.max(at(middle + spread), probability)) };
}

/** @param {{ model: Model, output: number }} part */
function severityOf({ model: { scale }, output }) {
  const half = scale.half_width;
  const interval = half === null ? null : { low: Math.max(scale.low, output - half), high: Math.min(scale.high, output + half) };
  return { expected: output, interval_90: interval, kind: scale.kind };
}

/**
 * What the page has sentences for: codes as /predict gives them, and the fields that each is about.
 * @param {{ model: Model, output: number | null, past: number[], row: Float32Array, given: Set<string>, changed: string[] }} attack
 * @param {{ model: Model }[]} parts
 */
function warningsOf({ model, output, past: [attacks, known], row, given, changed }, parts) {
  const used = new Set(parts.flatMap((part) => part.model.used));
  const limited = model.recipe.fields.filter((field) => field.role !== "outcome" && changed.includes(field.encoding?.column ?? field.name));
  /** @type {[string, boolean, string[]][]} */
  const possible = [
    ["too_little_history", output === null, [ATTACK]],
    ["attack_days_only", known >= LEAST_ATTACK_DAYS && attacks === known, [ATTACK]],
    ...about("out_of_range", model.fences.filter(({ input, low, high }) => row[input] < low || row[input] > high).map(({ field }) => field)),
    ...about("unused_fields", [...given].filter((name) => !used.has(name))),
    ...about("value_limited", limited.map(({ name }) => name)),
    ["simulated_model", parts.some((part) => part.model.simulated), []],
  ];
  return possible.filter(([, holds]) => holds).map(([code, , fields]) => ({ code, message: "", fields }));
}

/**
 * @param {string} code
 * @param {string[]} fields
 * @returns {[string, boolean, string[]][]}
 */
function about(code, fields) {
  return [[code, fields.length > 0, fields]];
}
