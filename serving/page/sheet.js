// The sheet for a doctor, which the service makes: shown in a dialog, printed, or saved as a file.

import { fill, h } from "./dom.js";
import { download } from "./files.js";
import { keptFields } from "./forecast.js";
import * as service from "./service.js";
import { errorView } from "./shell.js";
import { t } from "./words.js";

/** The most entries of a body of /sheet. */
const ENTRIES = 366;

/**
 * The body of /sheet: the days of the last year, and no name.
 * @param {import("./diary.js").Diary} diary
 * @param {import("./contract.js").Contract} contract
 */
export function sheetRequest(diary, contract) {
  const kept = keptFields(contract);
  const entries = diary.dates.slice(-ENTRIES).map((date) => ({ date, ...kept(diary.days.get(date) ?? {}) }));
  return { ...kept(diary.about), entries };
}

/**
 * @param {any} dialog
 * @param {string} address
 * @param {object} [body]
 */
export async function showSheet(dialog, address, body) {
  const title = h("h2", { id: "dialog-title", tabindex: "-1" }, t("sheet"));
  const close = h("button", { type: "button", onclick: () => dialog.close() }, t("close"));
  fill(dialog, title, h("p", { role: "status" }, t("working")), h("p", {}, close));
  dialog.classList.add("paper");
  dialog.addEventListener("close", () => dialog.classList.remove("paper"), { once: true });
  if (!dialog.open) dialog.showModal();
  title.focus();
  try {
    const page = await service.requestPage(address, body);
    if (dialog.contains(title)) fill(dialog, title, ...sheetView(page, close));
  } catch (error) {
    if (!(error instanceof service.ServiceError)) throw error;
    if (dialog.contains(title)) fill(dialog, title, errorView(error, () => showSheet(dialog, address, body)), h("p", {}, close));
  }
}

/**
 * @param {string} page
 * @param {Node} close
 */
function sheetView(page, close) {
  // The sandbox has no scripts. This page prints the frame, so it must have its origin.
  const frame = h("iframe", { class: "sheet", title: t("sheet"), sandbox: "allow-same-origin allow-modals", srcdoc: page });
  const print = () => frame.contentWindow.print();
  const save = () => download("sheet.html", page, "text/html");
  return [
    frame,
    h(
      "p",
      { class: "choices" },
      h("button", { type: "button", class: "primary", id: "sheet-print", onclick: print }, t("sheet_print")),
      h("button", { type: "button", id: "sheet-save", onclick: save }, t("sheet_save")),
      close,
    ),
  ];
}
