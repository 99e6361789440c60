// The forecasts of this folder, in place of a service: nothing leaves the browser.
// It has the exports of ../service.js, so that the page does not know the difference.

import * as ort from "../runtime/ort.wasm.min.mjs";
import { modelOf, Predictor } from "./edge/predictor.js";
import { language } from "./words.js";

/** Why there is no forecast: the name of a problem. */
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

/** Whether forecasts are computed in the browser. */
export const LOCAL = true;

/** No service, no key. */
export const key = { get: () => "", set: () => undefined };

ort.env.wasm.wasmPaths = new URL("../runtime/", import.meta.url).href;
ort.env.wasm.numThreads = 1;

/** @type {Promise<Predictor> | null} */
let predictor = null;

/** @returns {Promise<import("./contract.js").Contract>} */
export function contract() {
  return read("contract.json").then((response) => response.json());
}

/** @param {object} body the body of /predict */
export async function predict(body) {
  predictor ??= load();
  try {
    return await (await predictor).predict(body, language());
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    predictor = null;
    throw error;
  }
}

async function load() {
  ort.env.wasm.wasmBinary = await webAssembly();
  const { models } = await (await read("models.json")).json();
  const loaded = models.map(async ({ file, ...document }) => {
    const graph = await (await read(file)).arrayBuffer();
    return { model: modelOf(document), session: await ort.InferenceSession.create(graph) };
  });
  const tensor = (rows, width) => {
    const data = new Float32Array(rows.length * width);
    rows.forEach((row, k) => data.set(row, k * width));
    return new ort.Tensor("float32", data, [rows.length, width]);
  };
  return new Predictor(await Promise.all(loaded), tensor);
}

/** The WebAssembly of ONNX Runtime, which the folder has compressed. */
async function webAssembly() {
  const { body } = await read("runtime/ort-wasm-simd-threaded.wasm.gzip");
  return new Response(/** @type {ReadableStream} */ (body).pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** @param {string} file of this folder */
async function read(file) {
  const response = await fetch(new URL(`../${file}`, import.meta.url)).catch(() => null);
  if (!response?.ok) throw new ServiceError("offline", { detail: `${file} could not be read.` });
  return response;
}
