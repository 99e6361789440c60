// Overviews of days: the strip of the last four weeks, and the calendar of attacks and forecasts.

import { ATTACK, SEVERITY } from "./contract.js";
import { daysUpTo, inWords, iso, shift, today } from "./dates.js";
import { h } from "./dom.js";
import { ofHundred } from "./risk.js";
import { locale, number, t } from "./words.js";

/**
 * @typedef {import("./contract.js").Values} Values
 * @typedef {import("./diary.js").Diary} Diary
 * @typedef {(day: string) => void} Edit opens the form of a day
 */

const SEVEREST = 10;

/**
 * One bar per day: its height is the severity; a ring is a day without an attack, and a dot a day without an entry.
 * @param {Diary} diary
 * @param {number} count
 * @param {Edit | null} edit null: nothing can be entered here
 */
export function stripView(diary, count, edit) {
  const one = (day) => {
    const values = diary.days.get(day);
    const severity = Number(values?.[SEVERITY] ?? SEVEREST / 2);
    return h(
      "li",
      {},
      h(
        edit ? "button" : "span",
        {
          ...(edit ? { type: "button", onclick: () => edit(day) } : { role: "img" }),
          class: `day ${kindOf(values)}`,
          "data-day": day,
          "aria-label": sentence(day, diary),
          title: sentence(day, diary),
        },
        h("span", { class: "mark", style: { "--height": `${Math.max(20, (100 * severity) / SEVEREST)}%` } }),
        h("small", { "aria-hidden": "true" }, inWords(day, locale(), { day: "numeric" }).replace(/\D/g, "")),
      ),
    );
  };
  return [h("ol", { class: "strip" }, daysUpTo(today(), count).map(one)), legend()];
}

/**
 * Build the calendar of `month` (its first day) and of the month before.
 * @param {Diary} diary
 * @param {string} month
 * @param {Edit} edit
 * @param {(month: string) => void} turn
 */
export function calendarView(diary, month, edit, turn) {
  const previous = `${shift(month, -1).slice(0, 7)}-01`;
  const next = `${shift(month, 31).slice(0, 7)}-01`;
  const title = monthTitle(month);
  const button = (to, key, sign) =>
    h("button", { type: "button", class: "small", "aria-label": t(key), "data-turn": key, onclick: () => turn(to) }, sign);
  return [
    h(
      "div",
      { class: "turn" },
      button(previous, "calendar_before", "‹"),
      h("span", { class: "unseen", "aria-live": "polite" }, title),
      button(next, "calendar_after", "›"),
    ),
    ...[previous, month].map((each) =>
      h("table", { class: "calendar" }, h("caption", {}, monthTitle(each)), weekdays(), weeks(diary, each, edit)),
    ),
    legend(true),
    h("p", { class: "quiet" }, t("day_edit")),
  ];
}

/** @param {string} month */
function monthTitle(month) {
  return inWords(month, locale(), { month: "long", year: "numeric" });
}

function weekdays() {
  // The first of January 2024 was a Monday.
  const name = (k, weekday) => inWords(iso(2024, 1, k + 1), locale(), { weekday });
  const one = (_, k) => h("th", { scope: "col" }, h("abbr", { title: name(k, "long") }, name(k, "narrow")));
  return h("thead", {}, h("tr", {}, Array.from({ length: 7 }, one)));
}

/**
 * @param {Diary} diary
 * @param {string} month
 * @param {Edit} edit
 */
function weeks(diary, month, edit) {
  const before = (new Date(`${month}T00:00:00Z`).getUTCDay() + 6) % 7;
  const last = shift(`${shift(month, 31).slice(0, 7)}-01`, -1);
  const cells = Array.from({ length: before }, () => h("td"));
  for (let day = month; day <= last; day = shift(day, 1)) cells.push(h("td", {}, cell(diary, day, edit)));
  const rows = Array.from({ length: Math.ceil(cells.length / 7) }, (_, k) => cells.slice(7 * k, 7 * k + 7));
  return h("tbody", {}, rows.map((row) => h("tr", {}, row)));
}

/**
 * @param {Diary} diary
 * @param {string} day
 * @param {Edit} edit
 */
function cell(diary, day, edit) {
  const forecast = diary.forecasts.get(day)?.probability ?? null;
  const kind = kindOf(diary.days.get(day));
  const future = day > today();
  const words = sentence(day, diary);
  const content = [
    h("span", { class: "number" }, Number(day.slice(8))),
    forecast === null ? null : h("small", { class: "forecast", "aria-hidden": "true" }, ofHundred(forecast)),
  ];
  const classes = `day ${kind}${day === today() ? " today" : ""}`;
  if (future) {
    return h("span", { class: `${classes} future` }, content, forecast === null ? null : h("span", { class: "unseen" }, words));
  }
  return h("button", { type: "button", class: classes, "aria-label": words, onclick: () => edit(day) }, content);
}

/** @param {boolean} [withForecast] */
function legend(withForecast = false) {
  const one = (kind, key) => h("li", {}, h("span", { class: `sample ${kind}` }), t(key));
  return h(
    "ul",
    { class: "legend" },
    one("attack", "day_attack"),
    one("none", "day_none"),
    one("unknown", "day_unknown"),
    withForecast ? h("li", {}, t("legend_forecast")) : null,
  );
}

/** @param {Values | undefined} values */
function kindOf(values) {
  if (values?.[ATTACK] === 1) return "attack";
  return values?.[ATTACK] === 0 ? "none" : "unknown";
}

/**
 * @param {string} day
 * @param {Diary} diary
 */
function sentence(day, diary) {
  const values = diary.days.get(day);
  const forecast = diary.forecasts.get(day)?.probability ?? null;
  const parts = [inWords(day, locale(), { weekday: "short", day: "numeric", month: "long" })];
  if (day <= today()) parts.push(t(`day_${kindOf(values)}`));
  if (values?.[SEVERITY] !== undefined) parts.push(t("day_severity", { n: number(Number(values[SEVERITY]), 1) }));
  if (forecast !== null) parts.push(t("day_forecast", { n: ofHundred(forecast) }));
  return parts.join(", ");
}
