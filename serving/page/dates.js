// Calendar days as ISO strings, which can be sorted and compared as strings. No time of day and no time zone.

/**
 * Return today by the clock of this device.
 * @returns {string}
 */
export function today() {
  const now = new Date();
  return iso(now.getFullYear(), now.getMonth() + 1, now.getDate());
}

/**
 * @param {number} year
 * @param {number} month 1 to 12
 * @param {number} day
 */
export function iso(year, month, day) {
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

/**
 * Return whether `text` is a calendar day as YYYY-MM-DD.
 * @param {string} text
 */
export function isDay(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && shift(text, 0) === text;
}

/**
 * Return `day` plus `count` days.
 * @param {string} day
 * @param {number} count
 */
export function shift(day, count) {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + count);
  return date.toISOString().slice(0, 10);
}

/**
 * Return the number of days from `first` to `last`.
 * @param {string} first
 * @param {string} last
 */
export function between(first, last) {
  return Math.round((Date.parse(last) - Date.parse(first)) / 86_400_000);
}

/**
 * Return `count` days up to `last`, oldest first.
 * @param {string} last
 * @param {number} count
 */
export function daysUpTo(last, count) {
  return Array.from({ length: count }, (_, k) => shift(last, k - count + 1));
}

/**
 * Return `day` in words of `locale`.
 * @param {string} day
 * @param {string} locale
 * @param {Intl.DateTimeFormatOptions} options
 */
export function inWords(day, locale, options) {
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}
