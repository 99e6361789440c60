// The week ahead, if the served models predict more days than tomorrow.

import { inWords } from "./dates.js";
import { h } from "./dom.js";
import { ofHundred } from "./risk.js";
import { locale, t } from "./words.js";

/**
 * @param {{ for_date: string, attack: { probability: number } | null }[]} days
 * @returns {Node[]}
 */
export function weekView(days) {
  const one = ({ for_date: day, attack }) => {
    const words = inWords(day, locale(), { weekday: "short", day: "numeric" });
    if (!attack) return h("li", {}, h("span", {}, words), h("span", { class: "quiet" }, t("no_forecast_title")));
    const count = ofHundred(attack.probability);
    return h(
      "li",
      {},
      h("span", {}, words),
      h("span", { class: "level", "aria-hidden": "true", style: { "--size": `${count}%` } }),
      h("span", {}, count, h("span", { class: "unseen" }, ` ${t("scale_days", { n: count })}`)),
    );
  };
  return [h("p", { class: "quiet" }, t("week_note")), h("ul", { class: "week" }, days.map(one))];
}
