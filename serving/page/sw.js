// Caches the page and the contract for use without a connection. The cache is used only if the
// service does not answer. Forecasts and diaries are never cached.

const CACHE = "page-1";
const FILES = [
  "./",
  "page/app.js",
  "page/app.webmanifest",
  "page/contract.js",
  "page/csv.js",
  "page/dates.js",
  "page/days.js",
  "page/diary.js",
  "page/dom.js",
  "page/field_strings.js",
  "page/files.js",
  "page/forecast.js",
  "page/form.js",
  "page/icon.svg",
  "page/importer.js",
  "page/page.css",
  "page/risk.js",
  "page/sample.js",
  "page/service.js",
  "page/sheet.js",
  "page/shell.js",
  "page/strings.js",
  "page/week.js",
  "page/words.js",
];
const KEPT = new Set([...FILES, "contract"].map((file) => new URL(file, self.registration.scope).href));

self.addEventListener("install", (event) => {
  // The start page is negotiated: without this header the answer is JSON.
  const requests = FILES.map((file) => new Request(file, { headers: { accept: "text/html,*/*" } }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name !== CACHE;
  const cleared = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(cleared.then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && KEPT.has(event.request.url)) event.respondWith(newest(event.request));
});

async function newest(request) {
  const cache = await caches.open(CACHE);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request.url, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request.url, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
