// The sentence of a reason: the value that the person reported, and its effect on the prediction.
// The same sentences as serving/wording/sentences.py, filled into the forms that the folder carries.

/**
 * @typedef {[string, string]} Pair singular and plural
 * @typedef {{ label: string, choices?: Pair, categories?: Record<string, number>, form?: string }} FieldForms
 * @typedef {{
 *   labeled: string, not_reported: string, unchanged: string, earlier: Pair, attacks: Pair,
 *   higher: Record<string, Pair>, lower: Record<string, Pair>, fields: Record<string, FieldForms>,
 * }} Forms
 * @typedef {{ value: number, earlier: number }} Reported the last known value, and its age in days
 */

const ATTACK = "migraine_occurrence";
/** The days before the newest one that a model can look at. */
const LOOK_BACK = 28;

/**
 * The last value of a field on the days that a model can look at.
 * @param {import("./cleaning.js").Columns} columns
 * @param {number[]} day
 * @param {{ name: string, encoding: { column: string } | null } | undefined} field
 * @returns {Reported | null}
 */
export function lastKnown(columns, day, field) {
  const values = field && columns.get(field.encoding?.column ?? field.name);
  const at = values ? values.findLastIndex((value) => !Number.isNaN(value)) : -1;
  const earlier = at < 0 ? LOOK_BACK : day[day.length - 1] - day[at];
  return values && earlier < LOOK_BACK ? { value: values[at], earlier } : null;
}

/**
 * The reasons of a model with their sentences.
 * @param {{ model: import("./predictor.js").Model, reasons: any, reported: (field: string) => Reported | null }} part
 * @param {number[]} past of the attack model, for all sentences
 * @param {string} language
 */
export function inWords({ model, reasons, reported }, past, language) {
  if (!reasons) return null;
  const effect = model.task === "attack" ? "attack" : model.scale.kind;
  const sentence = ({ field, contribution }) =>
    sentenceOf(model.forms[language], language, {
      field, kind: model.fields[field].kind, share: contribution, effect, reported: reported(field), past,
    });
  return { ...reasons, contributions: reasons.contributions.map((each) => ({ ...each, sentence: sentence(each) })) };
}

/**
 * @param {Forms} forms in `language`
 * @param {string} language
 * @param {{ field: string, kind: string, share: number, effect: string, reported: Reported | null, past: number[] }} reason
 *   `effect`: "attack", "severity" or "burden"; `past`: attacks and known days of the last 28
 */
export function sentenceOf(forms, language, { field, kind, share, effect, reported, past: [attacks, days] }) {
  const known = forms.fields[field];
  const about = effectOf(forms, language, share, effect);
  if (kind === "date") return `${known.label}. ${about}`;
  let value = forms.not_reported;
  if (field === ATTACK && days > 0) value = filled(forms.attacks[plural(language, days)], { attacks, days });
  else if (reported) value = valueOf(forms, language, known, reported);
  return `${filled(forms.labeled, { label: known.label, value })} ${about}`;
}

/**
 * @param {Forms} forms
 * @param {string} language
 * @param {FieldForms} known
 * @param {Reported} reported
 */
function valueOf(forms, language, { choices, categories, form }, { value, earlier }) {
  const written = numeral(value, language);
  let words = written;
  if (choices) words = choices[value ? 1 : 0];
  else if (categories) words = Object.keys(categories).find((name) => categories[name] === value) ?? written;
  else if (form) words = filled(form, { value: written });
  return earlier ? filled(forms.earlier[plural(language, earlier)], { value: words, days: earlier }) : words;
}

/**
 * @param {Forms} forms
 * @param {string} language
 * @param {number} share
 * @param {string} effect
 */
function effectOf(forms, language, share, effect) {
  const size = Math.abs(share) * (effect === "attack" ? 100 : 1);
  const points = size >= 1 ? halfToEven(size) : Number(oneDecimal(size));
  if (!points) return forms.unchanged;
  const pair = (share > 0 ? forms.higher : forms.lower)[effect];
  return filled(pair[plural(language, Math.trunc(points))], { points: numeral(points, language) });
}

/**
 * The position in a pair.
 * @param {string} language
 * @param {number} count
 */
function plural(language, count) {
  return new Intl.PluralRules(language).select(count) === "one" ? 0 : 1;
}

/**
 * @param {string} form
 * @param {Record<string, string | number>} values
 */
function filled(form, values) {
  return form.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/**
 * A number with at most one decimal.
 * @param {number} value
 * @param {string} language
 */
function numeral(value, language) {
  const text = oneDecimal(value).replace(/\.0$/, "");
  return language === "en" ? text : text.replace(".", ",");
}

/**
 * One decimal, half to even as Python rounds: only quarters lie between two decimals exactly.
 * @param {number} value
 */
function oneDecimal(value) {
  return Math.abs((4 * value) % 2) === 1 ? (halfToEven(10 * value) / 10).toFixed(1) : value.toFixed(1);
}

/** @param {number} value */
function halfToEven(value) {
  return Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
}
