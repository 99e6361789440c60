// Cleaning of a diary by the rules that a model carries: contradictions become null, extremes become a limit.
// The same rules in the same order as migraine_assets/core/diary/cleaning.py, on one person's days. NaN is null.

/**
 * @typedef {{ columns: string[], comparison: "above" | "below" | "equals" | "differs", value: number }} Condition
 * @typedef {{ name: string, when: Condition[], nulled: string[] }} Contradiction
 * @typedef {{ field: string, low: number | null, high: number | null }} Clip
 * @typedef {{ clips: Clip[], contradictions: Contradiction[] }} Cleaning
 * @typedef {Map<string, Float64Array>} Columns each diary column with one value per day
 */

/** @type {Record<Condition["comparison"], (a: number, b: number) => boolean>} */
const COMPARE = {
  above: (a, b) => a > b,
  below: (a, b) => a < b,
  equals: (a, b) => a === b,
  differs: (a, b) => a !== b,
};

/**
 * A cleaned copy of `columns`.
 * @param {Columns} columns
 * @param {Cleaning} cleaning
 * @returns {Columns}
 */
export function clean(columns, cleaning) {
  const kept = new Map([...columns].map(([name, values]) => /** @type {const} */ ([name, values.slice()])));
  const days = columns.values().next().value?.length ?? 0;
  const column = (name) => {
    if (!kept.has(name)) kept.set(name, new Float64Array(days).fill(NaN));
    return /** @type {Float64Array} */ (kept.get(name));
  };
  for (const rule of cleaning.contradictions) {
    const hits = Array.from({ length: days }, (_, day) => rule.when.every((condition) => holds(condition, column, day)));
    for (const name of rule.nulled) hits.forEach((hit, day) => hit && (column(name)[day] = NaN));
  }
  for (const { field, low, high } of cleaning.clips) {
    const values = column(field);
    values.forEach((value, day) => (values[day] = Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity)));
  }
  return kept;
}

/**
 * The columns in which cleaning changed a value that was there.
 * @param {Columns} before
 * @param {Columns} after
 */
export function changedColumns(before, after) {
  const differs = (name, values) => {
    const cleaned = /** @type {Float64Array} */ (after.get(name));
    return values.some((value, day) => !Number.isNaN(value) && value !== cleaned[day]);
  };
  return [...before].filter(([name, values]) => differs(name, values)).map(([name]) => name);
}

/**
 * @param {Condition} condition
 * @param {(name: string) => Float64Array} column
 * @param {number} day
 */
function holds({ columns, comparison, value }, column, day) {
  const total = columns.slice(1).reduce((sum, name) => sum + column(name)[day], column(columns[0])[day]);
  return COMPARE[comparison](total, value);
}
