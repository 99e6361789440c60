// The form of one day, built from the contract: kinds, units, bounds, and the description of each field as help.

import { ATTACK, DURATION, SEVERITY, check, consistent, fieldsOf } from "./contract.js";
import { isDay, today } from "./dates.js";
import { h } from "./dom.js";
import { category, help, label, list, number, t, unit } from "./words.js";

/**
 * @typedef {import("./contract.js").Contract} Contract
 * @typedef {import("./contract.js").Field} Field
 * @typedef {import("./contract.js").Values} Values
 * @typedef {import("./diary.js").Diary} Diary
 * @typedef {{ choose: (day: string) => void, save: (day: string, values: Values, about: Values) => void, remove: (day: string) => void }} Actions
 */

/**
 * @param {Contract} contract
 * @param {Diary} diary
 * @param {string} day
 * @param {Actions} actions
 * @returns {HTMLFormElement}
 */
export function dayForm(contract, diary, day, actions) {
  const values = diary.days.get(day) ?? {};
  const groups = grouped(contract).map((group, k) => groupView(group, k === 0, group.role === "static" ? diary.about : values));
  const chosen = h("input", { type: "date", id: "day", name: "day", value: day, max: today(), required: true });
  chosen.addEventListener("change", () => {
    if (isDay(chosen.value) && chosen.value <= today()) actions.choose(chosen.value);
  });
  const problems = h("div", { role: "alert", class: "problems" });
  const form = h(
    "form",
    { novalidate: true, id: "day-form" },
    h("p", { class: "quiet" }, t("form_hint")),
    h("p", { class: "field" }, h("label", { for: "day" }, t("form_day")), chosen),
    groups,
    problems,
    h(
      "p",
      { class: "choices" },
      h("button", { type: "submit", class: "primary" }, t("save")),
      diary.days.has(day) ? h("button", { type: "button", onclick: () => actions.remove(day) }, t("clear_day")) : null,
    ),
  );
  form.addEventListener("change", () => openFollowing(form));
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    submit(form, contract, problems, actions);
  });
  openFollowing(form);
  return form;
}

/**
 * The groups of the form: first the attack, then what the model looks at, at the end what it does not.
 * @param {Contract} contract
 */
function grouped(contract) {
  const roles = /** @type {const} */ (["outcome", "exposure", "premonitory", "static"]);
  /** @type {{ role: string, title: string, fields: Field[] }[]} */
  const groups = roles.map((role) => ({
    role,
    title: t(`group_${role}`),
    fields: fieldsOf(contract, role).filter((field) => field.used || role === "outcome" || role === "static"),
  }));
  const unused = fieldsOf(contract, "exposure", "premonitory").filter((field) => !field.used);
  groups.push({ role: "unused", title: t("group_unused"), fields: unused });
  return groups.filter((group) => group.fields.length);
}

/**
 * @param {{ role: string, title: string, fields: Field[] }} group
 * @param {boolean} open
 * @param {Values} values
 */
function groupView({ title, fields }, open, values) {
  const filled = fields.filter((field) => field.name in values).length;
  return h(
    "details",
    { open },
    h("summary", {}, h("span", {}, title), filled ? h("span", { class: "quiet" }, t("group_filled", { n: filled })) : null),
    fields.map((field) => fieldView(field, values[field.name])),
  );
}

/**
 * @param {Field} field
 * @param {import("./contract.js").Value | undefined} value
 */
function fieldView(field, value) {
  const { text, lang } = help(field);
  const id = `field-${field.name}`;
  const hint = [text, field.kind === "number" ? rangeOf(field) : ""].filter(Boolean);
  const about = h("span", { class: "help quiet", id: `${id}-help` }, h("span", { lang }, hint[0]), hint[1] ? ` ${hint[1]}.` : null);
  if (field.kind === "flag") return flagView(field, id, about, value);
  const properties = { id, name: field.name, "aria-describedby": `${id}-help` };
  const input =
    field.kind === "category"
      ? h("select", properties, h("option", { value: "" }, "–"), field.categories.map((each) => h("option", { value: each, selected: each === value }, category(each))))
      : h("input", { ...properties, type: "text", inputmode: "decimal", autocomplete: "off", value: value ?? "" });
  return h("div", { class: "field", "data-field": field.name }, h("label", { for: id }, label(field)), input, about);
}

/**
 * Yes, no, or not known: a flag that was not asked is never a no.
 * @param {Field} field
 * @param {string} id
 * @param {Node} about
 * @param {import("./contract.js").Value | undefined} value
 */
function flagView(field, id, about, value) {
  const one = (key, stored, text) =>
    h(
      "label",
      {},
      h("input", { type: "radio", name: field.name, value: text, id: text === "1" ? id : false, checked: value === stored }),
      h("span", {}, t(key)),
    );
  return h(
    "fieldset",
    { class: "field flag", "data-field": field.name, "aria-describedby": `${id}-help` },
    h("legend", {}, label(field)),
    h("span", { class: "segments" }, one("yes", 1, "1"), one("no", 0, "0"), one("open", undefined, "")),
    about,
  );
}

/** @param {Field} field */
export function rangeOf(field) {
  const { low, high } = field;
  if (field.kind === "category") return list(field.categories.map(category));
  if (low === null && high === null) return unit(field);
  const words = high === null ? t("from", { low: number(low ?? 0) }) : t("range", { low: number(low ?? 0), high: number(high) });
  return `${words} ${unit(field)}`.trim();
}

/**
 * What is wrong with a value, as a sentence.
 * @param {Field} field
 * @param {string} problem
 */
export function problemSentence(field, problem) {
  return t(`invalid_${problem}`, { field: label(field), range: rangeOf(field) });
}

/**
 * Severity and duration can be entered where there was an attack.
 * @param {HTMLFormElement} form
 */
function openFollowing(form) {
  const attack = new FormData(form).get(ATTACK) === "1";
  for (const name of [SEVERITY, DURATION]) {
    const field = /** @type {HTMLElement | null} */ (form.querySelector(`[data-field="${name}"]`));
    if (field) field.hidden = !attack;
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {Contract} contract
 * @param {Element} problems
 * @param {Actions} actions
 */
function submit(form, contract, problems, actions) {
  const data = new FormData(form);
  const day = String(data.get("day"));
  /** @type {{ id: string, text: string }[]} */
  const wrong = [];
  if (!isDay(day)) wrong.push({ id: "day", text: t("invalid_date") });
  else if (day > today()) wrong.push({ id: "day", text: t("invalid_future") });
  const read = (fields) => {
    /** @type {Values} */
    const values = {};
    for (const field of fields) {
      const checked = check(field, String(data.get(field.name) ?? ""));
      if ("problem" in checked) wrong.push({ id: `field-${field.name}`, text: problemSentence(field, checked.problem) });
      else if (checked.value !== null) values[field.name] = checked.value;
    }
    return values;
  };
  const values = consistent(read(fieldsOf(contract, "outcome", "exposure", "premonitory")));
  const about = read(fieldsOf(contract, "static"));
  show(form, problems, wrong);
  if (!wrong.length) actions.save(day, values, about);
}

/**
 * @param {HTMLFormElement} form
 * @param {Element} problems
 * @param {{ id: string, text: string }[]} wrong
 */
function show(form, problems, wrong) {
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  problems.replaceChildren(...wrong.map(({ text }) => h("p", { class: "note" }, text)));
  for (const { id } of wrong) document.getElementById(id)?.setAttribute("aria-invalid", "true");
  if (wrong.length) reveal(wrong[0].id);
}

/**
 * Open what hides the element, and move the focus to it.
 * @param {string} id
 */
export function reveal(id) {
  const element = document.getElementById(id);
  const group = element?.closest("details");
  if (group) group.open = true;
  element?.focus();
  element?.scrollIntoView({ block: "center" });
}
