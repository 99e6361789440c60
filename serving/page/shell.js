// Shared parts of both pages: language, the form for the key, and errors in plain sentences.

import { h } from "./dom.js";
import { LANGUAGES } from "./strings.js";
import * as service from "./service.js";
import { has, language, setLanguage, t } from "./words.js";

/** Put texts of the table into the elements that refer to them. */
export function translate() {
  document.documentElement.lang = language();
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = t(/** @type {string} */ (element.getAttribute("data-text")));
  }
  document.title = t(document.body.dataset.title ?? "app_title");
}

/** @param {() => void} changed */
export function languageChoice(changed) {
  const options = Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, selected: code === language() }, name));
  const choice = h("select", { id: "language-choice", "aria-label": t("language") }, options);
  choice.addEventListener("change", () => {
    setLanguage(choice.value);
    choice.setAttribute("aria-label", t("language"));
    changed();
  });
  return choice;
}

/**
 * A form for the key that the service asks for.
 * @param {() => void} then with the key set
 */
export function keyForm(then) {
  const wrong = service.key.get() !== "";
  const input = h("input", { type: "password", id: "key", autocomplete: "off", required: true, spellcheck: "false" });
  const form = h(
    "form",
    { class: "key" },
    h("h3", {}, t("key_title")),
    wrong ? h("p", { class: "note", role: "alert" }, t("key_wrong")) : null,
    h("p", { class: "quiet" }, t("key_text")),
    h("p", { class: "field" }, h("label", { for: "key" }, t("key_label")), input),
    h("p", {}, h("button", { type: "submit", class: "primary" }, t("key_use"))),
  );
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    service.key.set(input.value.trim());
    then();
  });
  return form;
}

/**
 * Why the service did not answer, and a button that asks again.
 * @param {service.ServiceError} error
 * @param {() => void} again
 */
export function errorView(error, again) {
  const key = `error_${error.name.replaceAll("-", "_")}`;
  const text = has(key) ? t(key, { n: error.seconds }) : t("error_other", { name: error.name });
  const details = error.errors.map(({ path, reason, accepted }) => h("li", {}, `${path.replace("$.", "")}: ${reason} (${accepted})`));
  return h(
    "div",
    { role: "alert" },
    h("p", {}, text),
    details.length ? h("ul", { lang: "en" }, details) : null,
    h("p", {}, h("button", { type: "button", class: "small", onclick: again }, t("retry"))),
  );
}
