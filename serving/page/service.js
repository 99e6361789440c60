// Requests to the service that served this page, and to no other host. A page without a service has edge/service.js
// instead of this module.

import { language } from "./words.js";

const KEY = "api-key";

/** Whether forecasts are computed in the browser. */
export const LOCAL = false;

/** @typedef {import("./contract.js").Contract} Contract */

/** A failed request, with the name of its problem (RFC 9457), or "offline". */
export class ServiceError extends Error {
  /**
   * @param {string} name
   * @param {{ detail?: string, seconds?: number, errors?: { path: string, reason: string, accepted: string }[] }} [more]
   */
  constructor(name, { detail = "", seconds = 0, errors = [] } = {}) {
    super(detail || name);
    this.name = name;
    this.detail = detail;
    this.seconds = seconds;
    this.errors = errors;
  }
}

/** The key of this tab. It is deleted when the tab is closed. */
export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  /** @param {string} value */
  set: (value) => (value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY)),
};

/** @returns {Promise<Contract>} */
export function contract() {
  return request("contract");
}

/**
 * The forecast from the last days of a diary.
 * @param {object} body the body of /predict
 * @returns {Promise<any>}
 */
export function predict(body) {
  return request("predict", body);
}

/**
 * @param {string} address relative to this page
 * @param {object} [body] sent by POST; without one the request is a GET
 * @returns {Promise<any>}
 */
export async function request(address, body) {
  return (await send(address, "application/json", body)).json();
}

/**
 * A page of the service as text.
 * @param {string} address relative to this page
 * @param {object} [body] sent by POST; without one the request is a GET
 */
export async function requestPage(address, body) {
  return (await send(address, "text/html, application/problem+json", body)).text();
}

/**
 * @param {string} address
 * @param {string} accept
 * @param {object} [body]
 */
async function send(address, accept, body) {
  /** @type {Record<string, string>} */
  const headers = { accept, "accept-language": language() };
  if (key.get()) headers["x-api-key"] = key.get();
  /** @type {RequestInit} */
  const options = { headers, credentials: "same-origin", redirect: "error" };
  if (body) {
    headers["content-type"] = "application/json";
    options.method = "POST";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new ServiceError("offline");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** @param {Response} response */
async function refusal(response) {
  const seconds = Number(response.headers.get("retry-after")) || 0;
  const problem = await response.json().catch(() => ({}));
  const name = String(problem.type ?? "").replace("urn:migraine:problem:", "");
  return new ServiceError(name || `status-${response.status}`, { detail: problem.detail, seconds, errors: problem.errors });
}
