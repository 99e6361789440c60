// The diary of this browser, in IndexedDB: days, the profile of the person, and the forecasts.
// It leaves the browser only in the request for a forecast (`service.js`) and in an export (`files.js`).

/**
 * @typedef {import("./contract.js").Values} Values
 * @typedef {{ day: string, made: string, probability: number | null, answer: any }} Forecast
 */

const NAME = "migraine-diary";
const VERSION = 1;
const STORES = { days: "day", about: "name", forecasts: "day" };

export class Diary {
  /** @param {IDBDatabase | null} database null: this browser stores nothing, so everything is lost when the page is closed. */
  constructor(database) {
    this.database = database;
    /** @type {Map<string, Values>} */
    this.days = new Map();
    /** @type {Values} */
    this.about = {};
    /** @type {Map<string, Forecast>} */
    this.forecasts = new Map();
    this.sample = false;
  }

  get empty() {
    return this.days.size === 0;
  }

  /** The days, oldest first. */
  get dates() {
    return [...this.days.keys()].sort();
  }

  get last() {
    return this.dates.at(-1) ?? null;
  }

  /** Whether entries are still there after the page is closed. */
  get kept() {
    return !this.failed && (this.database !== null || this.pending);
  }

  /**
   * Set the values of these days. A day without values is removed.
   * @param {Map<string, Values>} days
   */
  async putDays(days) {
    for (const [day, values] of days) {
      if (Object.keys(values).length) this.days.set(day, values);
      else this.days.delete(day);
    }
    await this.#write("days", (store) => {
      for (const [day, values] of days) {
        if (Object.keys(values).length) store.put({ day, values });
        else store.delete(day);
      }
    });
  }

  /** @param {Values} about */
  async putAbout(about) {
    this.about = about;
    await this.#putAbout();
  }

  /** @param {boolean} sample whether these are the days of the made-up person */
  async markSample(sample) {
    this.sample = sample;
    await this.#putAbout();
  }

  /** @param {Forecast} forecast */
  async putForecast(forecast) {
    this.forecasts.set(forecast.day, forecast);
    await this.#write("forecasts", (store) => store.put(forecast));
  }

  async #putAbout() {
    const record = { name: "person", values: this.about, sample: this.sample };
    await this.#write("about", (store) => store.put(record));
  }

  /** Delete the database. The next change creates a new one. */
  async erase() {
    this.database?.close();
    this.days.clear();
    this.forecasts.clear();
    this.about = {};
    this.sample = false;
    if (!this.database) return;
    this.database = null;
    await finished(indexedDB.deleteDatabase(NAME));
    this.pending = true;
    this.failed = false;
  }

  /** Whether there is no database yet. The next change creates it. */
  pending = false;
  /** Whether the browser failed to store a change, for example because the disk is full. */
  failed = false;

  /**
   * @param {keyof typeof STORES} name
   * @param {(store: IDBObjectStore) => void} change
   */
  async #write(name, change) {
    if (this.pending) {
      this.pending = false;
      this.database = await database();
    }
    if (!this.database) return;
    const transaction = this.database.transaction(name, "readwrite");
    change(transaction.objectStore(name));
    await new Promise((resolve) => {
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = () => {
        this.failed = true;
        resolve(undefined);
      };
    });
  }
}

/** Open the stored diary of this browser. */
export async function openDiary() {
  const found = await exists();
  const opened = found ? await database() : null;
  const diary = new Diary(opened);
  diary.pending = !found;
  if (!opened) return diary;
  const transaction = opened.transaction(Object.keys(STORES));
  const [days, about, forecasts] = await Promise.all(
    Object.keys(STORES).map((name) => finished(transaction.objectStore(name).getAll())),
  );
  for (const { day, values } of days) diary.days.set(day, values);
  for (const forecast of forecasts) diary.forecasts.set(forecast.day, forecast);
  if (about.length) {
    diary.about = about[0].values;
    diary.sample = about[0].sample;
  }
  return diary;
}

/** Return whether the database exists. It is created by the first change. */
async function exists() {
  try {
    const all = await indexedDB.databases();
    return all.some(({ name }) => name === NAME);
  } catch {
    return true;
  }
}

/** @returns {Promise<IDBDatabase | null>} null where the browser allows no database, as in some private windows */
async function database() {
  try {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    const opened = await finished(request);
    // Another tab erases the diary, so this tab must stop using it.
    opened.onversionchange = () => {
      opened.close();
      location.reload();
    };
    return opened;
  } catch {
    return null;
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function finished(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
