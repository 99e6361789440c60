// The features of the newest day of a diary, computed from the recipe that a model carries as data.
// The same operations as migraine_assets/core/features (operations.py, daily.py, single_row.py), with the same bits:
// every sum runs from the newest day to the oldest, one IEEE operation per day. NaN is null.

/** @typedef {import("./cleaning.js").Columns} Columns */
/**
 * @typedef {{
 *   name: string, operation: string, version: number, columns: string[], window: number,
 *   parameters: Record<string, number>,
 * }} Feature
 * @typedef {{ name: string, operation: string, version: number, columns: string[], parameters: Record<string, number> }} Quantity
 * @typedef {{ quantities: Quantity[], features: Feature[] }} Recipe
 * @typedef {(column: string) => number} Lookup
 */

const LOOK_BACK = 28;

const atMost = (value, limit) => (value > limit ? limit : value);
const atLeast = (value, limit) => (value < limit ? limit : value);
const known = (value) => value === value;

/** @param {number[]} values */
const countKnown = (values) => values.filter(known).length || NaN;
/** @param {number[]} values */
const countPresent = (values) => values.filter((value) => value === 1).length;

/** Quantities of one day. @type {Record<string, (quantity: Quantity, value: Lookup) => number>} */
const DAY_OPERATIONS = {
  count_present({ columns }, value) {
    const flags = columns.map(value);
    return countPresent(flags) + 0 * countKnown(flags);
  },
  share_present({ columns }, value) {
    const flags = columns.map(value);
    const asked = countKnown(flags);
    return (countPresent(flags) + 0 * asked) / asked;
  },
  capped_product({ columns: [first, second], parameters: { enough, best } }, value) {
    return (atMost(value(first) / enough, 1) * value(second)) / best;
  },
  mean_score({ columns, parameters }, value) {
    const scores = columns.map((column) => {
      const share = atMost(value(column) / Math.abs(parameters[column]), 1);
      return parameters[column] > 0 ? share : 1 - share;
    });
    return scores.filter(known).reduce((sum, score) => sum + score, 0) / countKnown(scores);
  },
};

/** @type {Record<string, (feature: Feature, days: LastDay) => number>} */
const OPERATIONS = {
  today: ({ columns: [column] }, days) => days.today(column),
  product: ({ columns: [first, second] }, days) => days.today(first) * days.today(second),
  square: ({ columns: [column] }, days) => days.today(column) * days.today(column),
  weekend: (_, days) => ((days.day + days.horizon + 5) % 7 < 2 ? 1 : 0),
  last: ({ columns: [column], window }, days) => days.last(column, window),
  total: ({ columns: [column], window }, days) => days.total(column, window),
  count: ({ columns: [column], window }, days) => days.count(column, window),
  mean: ({ columns: [column], window }, days) => days.mean(column, window),
  deviation: ({ columns: [column], window }, days) => days.today(column) - days.mean(column, window),
  days_since: ({ columns: [column], window, parameters }, days) => days.daysSince(column, parameters.value, window),
  streak: ({ columns: [column], window, parameters }, days) => days.run(column, parameters.value, window),
  change: ({ columns: [column], window }, days) => days.today(column) - days.back(column, window - 1),
  fall: ({ columns: [column], window }, days) => atLeast(days.back(column, window - 1) - days.today(column), 0),
  shortfall: ({ columns: [column], window, parameters }, days) =>
    atLeast(parameters.target * days.count(column, window) - days.total(column, window), 0),
  shrunk_mean({ columns: [column], window, parameters: { weight, prior } }, days) {
    return (days.total(column, window) + weight * prior) / (days.count(column, window) + weight);
  },
};

/** The operations that this module computes: names of day operations and of operations, all of version 1. */
export const COMPUTED = { day: Object.keys(DAY_OPERATIONS), window: Object.keys(OPERATIONS) };

/** The newest day of one person with the 28 days before it. */
class LastDay {
  /**
   * @param {number[]} day days since 1970-01-01, ascending
   * @param {Columns} columns
   * @param {Recipe} recipe
   * @param {number} horizon
   */
  constructor(day, columns, recipe, horizon) {
    this.day = day[day.length - 1];
    this.horizon = horizon;
    this._days = day;
    this._columns = columns;
    this._quantities = new Map(recipe.quantities.map((quantity) => [quantity.name, quantity]));
    /** @type {Map<string, Float64Array>} */
    this._histories = new Map();
  }

  /** The value of the newest day. @param {string} column */
  today(column) {
    return this._at(column, this._days.length - 1);
  }

  /** The value exactly `days` before it. @param {string} column @param {number} days */
  back(column, days) {
    return this._history(column)[days];
  }

  /** Days of the window on which the column was asked. @param {string} column @param {number} span */
  count(column, span) {
    return this._window(column, span).filter(known).length;
  }

  /** The sum over the asked days of the window. @param {string} column @param {number} span */
  total(column, span) {
    if (!this.count(column, span)) return NaN;
    return this._window(column, span).reduce((sum, value) => sum + (known(value) ? value : 0), 0);
  }

  /** @param {string} column @param {number} span */
  mean(column, span) {
    return this.total(column, span) / Math.max(this.count(column, span), 1);
  }

  /** The newest known value of the window. @param {string} column @param {number} span */
  last(column, span) {
    return this._window(column, span).find(known) ?? NaN;
  }

  /** Days since the column was `value`. @param {string} column @param {number} value @param {number} span */
  daysSince(column, value, span) {
    if (!this.count(column, span)) return NaN;
    const age = this._window(column, span).indexOf(value);
    return age < 0 ? span : age;
  }

  /** Consecutive days with `value`, up to the newest. @param {string} column @param {number} value @param {number} span */
  run(column, value, span) {
    const window = this._window(column, span);
    if (!known(window[0])) return NaN;
    const age = window.findIndex((one) => one !== value);
    return age < 0 ? span : age;
  }

  /** @param {string} column @param {number} span */
  _window(column, span) {
    return this._history(column).subarray(0, span);
  }

  /** The column by age in days: age 0 is the newest day. @param {string} column */
  _history(column) {
    let history = this._histories.get(column);
    if (!history) {
      history = new Float64Array(LOOK_BACK + 1).fill(NaN);
      for (let row = this._days.length - 1; row >= 0 && this.day - this._days[row] <= LOOK_BACK; row -= 1) {
        history[this.day - this._days[row]] = this._at(column, row);
      }
      this._histories.set(column, history);
    }
    return history;
  }

  /** @param {string} column @param {number} row @returns {number} */
  _at(column, row) {
    const quantity = this._quantities.get(column);
    if (quantity) return DAY_OPERATIONS[quantity.operation](quantity, (name) => this._at(name, row));
    return this._columns.get(column)?.[row] ?? NaN;
  }
}

/**
 * The features of the newest day, in the order of the recipe.
 * @param {number[]} day days since 1970-01-01, ascending
 * @param {Columns} columns cleaned values
 * @param {Recipe} recipe
 * @param {number} horizon days ahead, at least 1
 * @returns {Float32Array}
 */
export function featuresOf(day, columns, recipe, horizon) {
  const days = new LastDay(day, columns, recipe, horizon);
  // One zero and one null, as in training: adding 0 removes the sign of -0.
  return Float32Array.from(recipe.features, (feature) => Math.fround(OPERATIONS[feature.operation](feature, days)) + 0);
}
