// The sample diary of a made-up person: always the same, and up to today.

import { daysUpTo, today } from "./dates.js";

/**
 * @typedef {import("./contract.js").Values} Values
 * @typedef {import("./contract.js").Contract} Contract
 */

const DAYS = 42;
const ABOUT = { age: 34, sex: "F", migraine_type: "no_aura", preventive_medication: 0 };

/**
 * @param {Contract} contract only its fields are filled
 * @returns {{ about: Values, days: Map<string, Values> }}
 */
export function sampleDiary(contract) {
  const known = new Set(contract.fields.map((field) => field.name));
  const random = generator(7);
  /** @type {Map<string, Values>} */
  const days = new Map();
  let before = 0;
  for (const [k, date] of daysUpTo(today(), DAYS).entries()) {
    const weekend = k % 7 > 4;
    const stress = clamp(Math.round((weekend ? 3 : 5.5) + 3 * (random() - 0.5) + (k % 13 === 0 ? 3 : 0)), 1, 10);
    const sleep = clamp(Math.round(2 * (7.6 - 0.25 * (stress - 4) + 1.6 * (random() - 0.5))) / 2, 4, 10);
    const attack = Number(random() < 0.1 + 0.03 * stress + (sleep < 6.5 ? 0.1 : 0) - 0.15 * before);
    /** @type {Values} */
    const values = {
      sleep_hours: sleep,
      sleep_quality: clamp(Math.round(sleep + 2 * (random() - 0.6)), 1, 10),
      stress_level: stress,
      caffeine_intake: Math.round(3 * random()),
      screen_time: Math.round(weekend ? 2 + 3 * random() : 6 + 4 * random()),
      missed_meals: Number(random() < 0.15),
      bright_light: Number(random() < 0.2),
      neck_pain: Number(random() < 0.15 + 0.3 * attack),
      fatigue: Number(random() < 0.2 + 0.2 * Number(sleep < 6.5)),
      migraine_occurrence: attack,
    };
    if (attack) Object.assign(values, { migraine_severity: 4 + Math.round(4 * random()), medication: Number(random() < 0.8) });
    // As in real diaries, some days have no entry.
    if (k !== DAYS - 1 && random() < 0.07) continue;
    days.set(date, only(values, known));
    before = attack;
  }
  return { about: only(ABOUT, known), days };
}

/**
 * @param {Values} values
 * @param {Set<string>} known
 * @returns {Values}
 */
function only(values, known) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name)));
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value));
}

/** @param {number} seed of a linear congruential generator, so that the sample never changes */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
