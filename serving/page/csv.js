// Delimited text: reading, with quotes and all common delimiters, and writing.

const DELIMITERS = [",", ";", "\t", "|"];

/**
 * Return the rows of a file, without empty ones.
 * @param {string} text
 * @returns {{ line: number, cells: string[] }[]} `line`: counted from 1, of the first line of the row
 */
export function parseCsv(text) {
  const plain = text.replace(/^\uFEFF/, "");
  const delimiter = delimiterOf(plain.slice(0, plain.search(/[\r\n]|$/)));
  /** @type {{ line: number, cells: string[] }[]} */
  const rows = [];
  let cells = [""];
  let quoted = false;
  let line = 1;
  let first = 1;
  const end = () => {
    if (cells.some((cell) => cell.trim() !== "")) rows.push({ line: first, cells });
    cells = [""];
  };
  for (let k = 0; k < plain.length; k += 1) {
    const letter = plain[k];
    if (letter === "\n") line += 1;
    if (quoted) {
      if (letter !== '"') cells[cells.length - 1] += letter;
      else if (plain[k + 1] === '"') cells[cells.length - 1] += plain[(k += 1)];
      else quoted = false;
    } else if (letter === '"' && cells[cells.length - 1] === "") quoted = true;
    else if (letter === delimiter) cells.push("");
    else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && plain[k + 1] === "\n") line += Number(plain[(k += 1)] === "\n");
      end();
      first = line;
    } else cells[cells.length - 1] += letter;
  }
  end();
  return rows;
}

/** @param {string} header */
function delimiterOf(header) {
  const count = (delimiter) => header.split(delimiter).length;
  return DELIMITERS.reduce((best, each) => (count(each) > count(best) ? each : best));
}

/** @param {(string | number)[][]} rows */
export function writeCsv(rows) {
  /** @param {string | number} cell */
  const written = (cell) => (/[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell));
  return rows.map((row) => row.map(written).join(",") + "\r\n").join("");
}
