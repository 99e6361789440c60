// The page of one person: it decides what to show, and handles clicks.

import { openDiary } from "./diary.js";
import { inWords, today } from "./dates.js";
import { byId, fill, h } from "./dom.js";
import { calendarView, stripView } from "./days.js";
import { asCsv, asJson, download, importView, meaningsView, short } from "./files.js";
import { dayTitle, forecastView, requestOf } from "./forecast.js";
import { dayForm, reveal } from "./form.js";
import { ImportRefused, readDiary } from "./importer.js";
import { sampleDiary } from "./sample.js";
import * as service from "./service.js";
import { sheetRequest, showSheet } from "./sheet.js";
import { errorView, keyForm, languageChoice, translate } from "./shell.js";
import { weekView } from "./week.js";
import { locale, number, t } from "./words.js";

/** @typedef {import("./contract.js").Contract} Contract */

/** @type {import("./diary.js").Diary} */
let diary;
/** @type {Contract | null} */
let contract = null;
/** @type {any} the newest answer of the service, or the newest stored one */
let answer = null;
/** @type {service.ServiceError | null} */
let failure = null;
let working = false;
let day = today();
let month = `${day.slice(0, 7)}-01`;
/** The number of requests. Answers to older requests are ignored. */
let round = 0;

async function start() {
  translate();
  fill(byId("language"), languageChoice(changeLanguage));
  byId("file").addEventListener("change", () => chooseFile(byId("file")));
  byId("dialog").addEventListener("close", () => fill(byId("dialog")));
  addEventListener("online", () => refresh());
  diary = await openDiary();
  const kept = [...diary.forecasts.values()].sort((a, b) => (a.made < b.made ? -1 : 1)).at(-1);
  answer = kept?.answer ?? null;
  await connect();
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("sw.js").catch(() => undefined);
}

/** Request the contract, and then a forecast if there is a diary. */
async function connect() {
  failure = null;
  try {
    contract = await service.contract();
  } catch (error) {
    failed(error);
  }
  show();
  if (contract && !diary.empty) await refresh();
}

/** Request the forecast for the current diary. */
async function refresh() {
  if (!contract) return connect();
  if (diary.empty) return undefined;
  const mine = (round += 1);
  working = true;
  failure = null;
  showForecast();
  try {
    const newest = await service.predict(requestOf(diary, contract));
    if (mine !== round) return undefined;
    answer = newest;
    const probability = newest.attack?.probability ?? null;
    await diary.putForecast({ day: newest.for_date, made: new Date().toISOString(), probability, answer: newest });
  } catch (error) {
    if (mine !== round) return undefined;
    failed(error);
  }
  working = false;
  return show({ form: false });
}

/** @param {unknown} error */
function failed(error) {
  if (!(error instanceof service.ServiceError)) throw error;
  failure = error;
}

/** @param {{ form?: boolean }} [parts] `form`: false keeps the form, because a person may be filling it in */
function show({ form = true } = {}) {
  translate();
  const ready = contract !== null;
  byId("start").hidden = !ready || !diary.empty;
  for (const id of ["days", "calendar", "enter", "diary"]) byId(id).hidden = !ready;
  for (const id of ["days", "calendar"]) byId(id).hidden ||= diary.empty;
  showBanner();
  showStart();
  showForecast();
  if (!contract) return;
  fill(byId("days-content"), ...stripView(diary, contract.look_back_days, edit));
  byId("days-title").textContent = t("strip_title", { n: contract.look_back_days });
  showCalendar();
  if (form) showForm();
  showDiary();
}

function showBanner() {
  const simulated = answer?.simulated_model ?? contract?.simulated_model ?? false;
  byId("banner").classList.toggle("simulated", simulated);
  fill(byId("banner"), t(simulated ? "banner_simulated" : "banner_research"));
}

function showStart() {
  const choice = (key, act) =>
    h("button", { type: "button", class: "choice", id: key, onclick: act }, h("strong", {}, t(key)), h("span", { class: "quiet" }, t(`${key}_hint`)));
  fill(
    byId("start-choices"),
    choice("start_sample", useSample),
    choice("start_import", () => byId("file").click()),
    choice("start_today", () => edit(today())),
  );
}

function showForecast() {
  const section = byId("forecast");
  section.hidden = !failure && (diary.empty || (!answer && !working));
  section.setAttribute("aria-busy", String(working));
  const shown = contract && answer && !diary.empty;
  byId("forecast-title").textContent = shown ? dayTitle(answer.for_date) : t("tomorrow");
  const week = (shown && answer.days) || [];
  byId("week").hidden = week.length < 2;
  fill(byId("week-content"), ...weekView(week));
  fill(
    byId("forecast-content"),
    diary.sample && shown ? sampleNote() : null,
    failureView(),
    working && !shown ? h("p", {}, t("working")) : null,
    shown ? forecastView(answer, diary, /** @type {Contract} */ (contract), edit) : null,
  );
}

function failureView() {
  if (!failure) return null;
  if (failure.name === "unauthorized") return keyForm(connect);
  const kept = answer && !diary.empty ? [...diary.forecasts.values()].find((each) => each.answer === answer) : undefined;
  const date = kept ? inWords(kept.made.slice(0, 10), locale(), { day: "numeric", month: "long" }) : "";
  return h("div", { class: "note" }, errorView(failure, refresh), kept ? h("p", {}, t("error_kept", { date })) : null);
}

function sampleNote() {
  return h("p", { class: "note" }, t("sample_note"), " ", h("button", { type: "button", class: "small", onclick: erase }, t("sample_remove")));
}

function showCalendar() {
  const turn = (to) => {
    const pressed = document.activeElement?.getAttribute("data-turn");
    month = to;
    showCalendar();
    /** @type {HTMLElement | null} */ (document.querySelector(`[data-turn="${pressed}"]`))?.focus();
  };
  fill(byId("calendar-content"), ...calendarView(diary, month, edit, turn));
}

function showForm() {
  if (!contract) return;
  const choose = (chosen) => {
    day = chosen;
    showForm();
    byId("day").focus();
  };
  fill(byId("form-content"), dayForm(contract, diary, day, { choose, save, remove }));
}

function showDiary() {
  const known = /** @type {Contract} */ (contract);
  const dates = diary.dates;
  const span = { n: number(dates.length), first: dates.length ? short(dates[0]) : "", last: dates.length ? short(dates[dates.length - 1]) : "" };
  const button = (key, act) => h("button", { type: "button", id: key, onclick: act }, t(key));
  fill(
    byId("diary-content"),
    h("p", {}, dates.length ? t("diary_span", span) : t("diary_empty")),
    h("p", { class: "quiet" }, t(service.LOCAL ? "diary_where_local" : "diary_where", { n: known.look_back_days + 1 })),
    diary.kept ? null : h("p", { class: "note" }, t("diary_not_kept")),
    h(
      "p",
      { class: "choices" },
      h("button", { type: "button", onclick: () => byId("file").click() }, t("start_import")),
      dates.length && !service.LOCAL ? button("sheet", () => showSheet(byId("dialog"), "sheet", sheetRequest(diary, known))) : null,
      dates.length ? button("export_csv", () => download("diary.csv", asCsv(diary, known), "text/csv")) : null,
      dates.length ? button("export_json", () => download("diary.json", asJson(diary), "application/json")) : null,
      dates.length || service.key.get() ? button("erase", askToErase) : null,
    ),
  );
}

/**
 * Open the form of a day, at a field if one is named.
 * @param {string} chosen
 * @param {string} [field]
 */
function edit(chosen, field) {
  day = chosen;
  showForm();
  reveal(field ? `field-${field}` : "day");
}

/**
 * @param {string} chosen
 * @param {import("./contract.js").Values} values
 * @param {import("./contract.js").Values} about
 */
async function save(chosen, values, about) {
  await diary.putAbout(about);
  await diary.putDays(new Map([[chosen, values]]));
  say(t("saved"));
  day = chosen;
  show();
  await refresh();
  byId("forecast-title").focus();
}

/** @param {string} chosen */
async function remove(chosen) {
  await diary.putDays(new Map([[chosen, {}]]));
  if (diary.empty) answer = null;
  show();
  await refresh();
}

/** Reasons are sentences of the service, in the language of the request. */
async function changeLanguage() {
  show();
  if (answer) await refresh();
}

async function useSample() {
  const { about, days } = sampleDiary(/** @type {Contract} */ (contract));
  await diary.putAbout(about);
  await diary.putDays(days);
  await diary.markSample(true);
  show();
  await refresh();
  byId("forecast-title").focus();
}

/** @param {HTMLInputElement} input */
async function chooseFile(input) {
  const file = input.files?.[0];
  if (!file || !contract) return;
  const text = await file.text();
  input.value = "";
  fill(byId("dialog"), h("h2", { id: "dialog-title" }, t("import_title", { name: file.name })), h("div", { id: "import" }));
  showImport(text, contract, {});
  byId("dialog").showModal();
}

/**
 * Show the content of a file. It is read again after each choice of a column's meaning.
 * @param {string} text
 * @param {Contract} known
 * @param {import("./importer.js").Meanings} meanings
 */
function showImport(text, known, meanings) {
  const close = () => byId("dialog").close();
  const choose = (column, field) => {
    const focused = document.activeElement?.id;
    showImport(text, known, { ...meanings, [column]: field });
    if (focused) byId(focused).focus();
  };
  const choices = (unknown, open) => meaningsView(unknown, known, meanings, open, choose);
  try {
    const imported = readDiary(text, known, meanings);
    const add = async (person) => {
      close();
      await use(person);
    };
    const open = Object.keys(meanings).length > 0;
    fill(byId("import"), ...importView(imported, diary.sample, choices(imported.unknown, open), add, close));
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    const example = known.fields.filter((field) => field.role !== "key" && field.used).slice(0, 3).map((field) => field.name);
    const sentence = t(error.message, { example: ["date", ...example].join(", ") });
    const cancel = h("button", { type: "button", onclick: close }, t("cancel"));
    fill(byId("import"), h("p", { role: "alert" }, sentence), choices(error.unknown, true), h("p", {}, cancel));
  }
}

/** @param {import("./importer.js").Person} person */
async function use(person) {
  if (diary.sample) await diary.erase();
  await diary.putAbout({ ...diary.about, ...person.about });
  const merged = [...person.days].map(([date, values]) => /** @type {const} */ ([date, { ...diary.days.get(date), ...values }]));
  await diary.putDays(new Map(merged));
  answer = null;
  say(t("import_done", { n: person.days.size }));
  month = `${(diary.last ?? today()).slice(0, 7)}-01`;
  show();
  await refresh();
  byId("forecast-title").focus();
}

function askToErase() {
  const close = () => byId("dialog").close();
  const confirmed = async () => {
    close();
    await erase();
  };
  openDialog(
    t("erase_title"),
    h("p", {}, t("erase_text")),
    h(
      "p",
      { class: "choices" },
      h("button", { type: "button", class: "primary", id: "erase-confirmed", onclick: confirmed }, t("erase")),
      h("button", { type: "button", onclick: close }, t("cancel")),
    ),
  );
}

async function erase() {
  round += 1;
  await diary.erase();
  service.key.set("");
  answer = null;
  failure = null;
  working = false;
  day = today();
  month = `${day.slice(0, 7)}-01`;
  say(t("erased"));
  show();
  byId("start_sample").focus();
}

/**
 * @param {string} title
 * @param {...(Node | null)} content
 */
function openDialog(title, ...content) {
  fill(byId("dialog"), h("h2", { id: "dialog-title" }, title), ...content);
  byId("dialog").showModal();
}

/** @param {string} text for screen readers, and for a moment on the screen */
function say(text) {
  byId("status").textContent = text;
  setTimeout(() => {
    if (byId("status").textContent === text) byId("status").textContent = "";
  }, 4000);
}

start();
