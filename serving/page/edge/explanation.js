// The reasons for a prediction: Shapley values over diary fields, by sampled permutations.
// The same permutations, in the same order, as serving/model/explanations.py: the folder carries them.

const SHOWN = 8;

/** @typedef {import("./predictor.js").Model} Model */
/** @typedef {{ field: string, contribution: number, given: boolean, description: string }} Contribution */

/**
 * @param {Model} model
 * @param {Float32Array} row
 * @param {number} prediction the output of the model for `row`
 * @param {Set<string>} given the fields that the person's days contain
 * @param {(rows: Float32Array[]) => Promise<number[]>} run the model
 */
export async function explain(model, row, prediction, given, run) {
  const reference = (await run([model.row]))[0];
  const { players, needs } = gameOf(model, row);
  const shares = await shapley(model, players, needs, row, [reference, prediction], run);
  const changes = players.map((field, k) => contribution(model, field, shares[k], given)).filter((each) => each.contribution);
  changes.sort((a, b) => Number(b.given) - Number(a.given) || Math.abs(b.contribution) - Math.abs(a.contribution) || (a.field < b.field ? -1 : 1));
  const top = changes[0]?.given ? changes.slice(0, SHOWN) : [];
  const other = prediction - reference - top.reduce((sum, each) => sum + each.contribution, 0);
  return { reference, prediction, contributions: top, other };
}

/**
 * The fields that change the row, and for each feature the positions of those that it needs.
 * @param {Model} model
 * @param {Float32Array} row
 */
function gameOf(model, row) {
  const differs = model.names.map((_, k) => row[k] !== model.row[k] && !(Number.isNaN(row[k]) && Number.isNaN(model.row[k])));
  const fields = new Set(model.fields_of.filter((_, k) => differs[k]).flat());
  const players = [...fields].sort();
  const needs = model.fields_of.map((names, k) => (differs[k] ? names.map((name) => players.indexOf(name)) : []));
  return { players, needs };
}

/**
 * @param {Model} model
 * @param {string[]} players
 * @param {number[][]} needs
 * @param {Float32Array} row
 * @param {[number, number]} ends reference and prediction
 * @param {(rows: Float32Array[]) => Promise<number[]>} run
 */
async function shapley(model, players, needs, row, [reference, prediction], run) {
  const size = players.length;
  if (!size) return [];
  const orders = model.orders[size - 1];
  const rows = orders.flatMap((order) => {
    const rank = rankOf(order);
    // A feature arrives with the last of its fields; the first `step` players have joined after `step` steps.
    const arrival = needs.map((positions) => Math.max(-1, ...positions.map((player) => rank[player])));
    return Array.from({ length: size - 1 }, (_, k) => Float32Array.from(row, (value, f) => (arrival[f] < k + 1 ? value : model.row[f])));
  });
  const outputs = await run(rows);
  const shares = new Array(size).fill(0);
  orders.forEach((order, k) => {
    const values = [reference, ...outputs.slice(k * (size - 1), (k + 1) * (size - 1)), prediction];
    order.forEach((player, position) => (shares[player] += values[position + 1] - values[position]));
  });
  return shares.map((share) => share / orders.length);
}

/** @param {number[]} order */
function rankOf(order) {
  const rank = new Array(order.length);
  order.forEach((player, position) => (rank[player] = position));
  return rank;
}

/**
 * @param {Model} model
 * @param {string} field
 * @param {number} share
 * @param {Set<string>} given
 * @returns {Contribution}
 */
function contribution(model, field, share, given) {
  const { kind, description } = model.fields[field];
  return { field, contribution: share, given: kind === "date" || given.has(field), description };
}
