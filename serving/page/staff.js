// The page for staff: all participants with a kept diary of the entered key.

import { Diary } from "./diary.js";
import { stripView } from "./days.js";
import { byId, fill, h } from "./dom.js";
import { dayTitle, forecastView } from "./forecast.js";
import { FILTERS, ORDERS, chosen, isOutdated, isAbove, peopleRows, peopleTable } from "./people.js";
import * as service from "./service.js";
import { showSheet } from "./sheet.js";
import { errorView, keyForm, languageChoice, translate } from "./shell.js";
import { number, t } from "./words.js";

/**
 * @typedef {import("./people.js").Person} Person
 * @typedef {import("./people.js").Choice} Choice
 */

/** Participants in a request: few in the first one, so that the list appears soon. */
const FIRST = 100;
const PAGE = 500;
const SHOWN = 100;
/** Milliseconds between two views of a list that is still loading. */
const EVERY = 700;

/** @type {Person[]} */
let people = [];
/** @type {import("./contract.js").Contract | null} */
let contract = null;
/** @type {service.ServiceError | null} */
let failure = null;
let working = false;
let shown = SHOWN;
/** @type {Choice} */
let choice = { search: "", order: "ratio", filter: "all" };

async function start() {
  fill(byId("language"), languageChoice(show));
  byId("dialog").addEventListener("close", () => fill(byId("dialog")));
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  await load();
}

/** Request the forecasts of all participants in parts, and show the list from time to time. */
async function load() {
  people = [];
  failure = null;
  working = true;
  show();
  try {
    contract = await service.contract();
    for (let after = "", next = 0; after !== null; ) {
      const range = after ? `limit=${PAGE}&after=${encodeURIComponent(after)}` : `limit=${FIRST}`;
      const part = await service.request(`forecasts?${range}`);
      people.push(...part.forecasts);
      after = part.next ?? null;
      if (after && performance.now() > next) {
        showControls();
        showList();
        next = performance.now() + EVERY;
      }
    }
  } catch (error) {
    if (!(error instanceof service.ServiceError)) throw error;
    failure = error;
  }
  working = false;
  show();
}

function show() {
  translate();
  const simulated = people.some((person) => person.simulated_model) || (contract?.simulated_model ?? false);
  byId("banner").classList.toggle("simulated", simulated);
  fill(byId("banner"), t(simulated ? "banner_simulated" : "banner_research"));
  fill(byId("failure"), failureView());
  showControls();
  showList();
}

function failureView() {
  if (!failure) return null;
  if (failure.name === "unauthorized") return keyForm(load);
  if (failure.name === "not-found") return h("p", { class: "note" }, t("staff_no_diaries"));
  return h("div", { class: "note" }, errorView(failure, load));
}

function showControls() {
  // They stay while the list loads, because a person may be typing.
  if (working && byId("controls").childElementCount) return;
  byId("controls").hidden = people.length === 0;
  const search = h("input", { type: "search", id: "search", value: choice.search, autocomplete: "off" });
  search.addEventListener("input", () => choose({ search: search.value }));
  const select = (id, key, options, value, change) => {
    const element = h("select", { id }, options.map((each) => h("option", { value: each, selected: each === value }, t(`${key}_${each}`))));
    element.addEventListener("change", () => change(element.value));
    return h("p", { class: "field" }, h("label", { for: id }, t(key)), element);
  };
  fill(
    byId("controls"),
    h("p", { class: "field" }, h("label", { for: "search" }, t("staff_search")), search),
    select("order", "staff_order", ORDERS, choice.order, (order) => choose({ order })),
    select("filter", "staff_filter", FILTERS, choice.filter, (filter) => choose({ filter })),
  );
}

/** @param {Partial<Choice>} change */
function choose(change) {
  choice = { ...choice, ...change };
  shown = SHOWN;
  showList();
}

function showList() {
  const matching = chosen(people, choice);
  const above = people.filter(isAbove).length;
  const without = people.filter((person) => person.abstained).length;
  const outdated = people.filter(isOutdated).length;
  const counts = { n: number(people.length), a: number(above), b: number(without), c: number(outdated), m: number(matching.length) };
  const summary = people.length ? t("staff_summary", counts) : "";
  byId("summary").textContent = working ? `${t("staff_working")} ${summary}` : people.length || failure ? summary : t("staff_nobody");
  const more = matching.length - shown;
  fill(
    byId("table"),
    people.length ? (matching.length ? peopleTable(matching.slice(0, shown), open) : h("p", {}, t("staff_none_match"))) : null,
    more > 0 ? h("p", {}, h("button", { type: "button", id: "more", onclick: () => showMore(matching) }, t("missing_more", { n: number(more) }))) : null,
  );
}

/** @param {Person[]} matching */
function showMore(matching) {
  const at = shown;
  shown += 2 * SHOWN;
  document.querySelector(".people tbody")?.append(...peopleRows(matching.slice(at, shown), open));
  const more = matching.length - shown;
  if (more > 0) byId("more").textContent = t("missing_more", { n: number(more) });
  else byId("more").remove();
  /** @type {HTMLElement | undefined} */ (document.querySelectorAll(".people .link")[at])?.focus();
}

/**
 * The forecast of one person with its reasons, and the last four weeks.
 * @param {Person} person
 */
async function open(person) {
  const name = encodeURIComponent(person.participant_id);
  const dialog = byId("dialog");
  const close = h(
    "p",
    { class: "choices" },
    h("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("close")),
    person.days ? h("button", { type: "button", id: "sheet", onclick: () => showSheet(dialog, `sheet/${name}`) }, t("sheet")) : null,
  );
  const title = h("h2", { id: "dialog-title", tabindex: "-1" }, person.participant_id);
  fill(dialog, title, h("p", { role: "status" }, t("working")), close);
  dialog.showModal();
  try {
    const [answer, document] = await Promise.all([service.request(`forecast/${name}?explain=true`), service.request(`diaries/${name}`)]);
    const known = /** @type {import("./contract.js").Contract} */ (contract);
    const diary = diaryOf(document);
    fill(
      dialog,
      title,
      h("h3", {}, dayTitle(answer.for_date)),
      forecastView(answer, diary, known, null),
      h("h3", {}, t("strip_title", { n: known.look_back_days })),
      stripView(diary, known.look_back_days, null),
      close,
    );
  } catch (error) {
    if (!(error instanceof service.ServiceError)) throw error;
    fill(dialog, title, errorView(error, () => open(person)), close);
  }
}

/** @param {{ entries: Record<string, any>[] }} document */
function diaryOf({ entries }) {
  const diary = new Diary(null);
  for (const { date, ...values } of entries) diary.days.set(date, values);
  return diary;
}

start();
