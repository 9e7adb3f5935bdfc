/* Opens the page at the door without coverage on a phone that has opened it before. It keeps the page and its files,
   named in SHELL, which the server writes above this line; answers of the API never pass through it. */

const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers());
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  if (SHELL.files.includes(address.pathname)) {
    event.respondWith(fromCache(event.request, address.pathname));
  } else if (event.request.mode === "navigate" && address.pathname.startsWith("/t/")) {
    event.respondWith(freshPage(event.request, address));
  }
});

async function keepShell() {
  const cache = await caches.open(SHELL.name);
  const wanted = [...SHELL.files, ...Object.values(SHELL.pages)];
  await cache.addAll(wanted.map((path) => new Request(path, { cache: "reload" })));
  await self.skipWaiting();
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== SHELL.name).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function fromCache(request, path) {
  const cache = await caches.open(SHELL.name);
  return (await cache.match(path)) ?? fetch(request);
}

/* The server's page where it comes soon, else the kept one: nobody waits in a stairwell for a page that is here. */
async function freshPage(request, address) {
  const cache = await caches.open(SHELL.name);
  const kept = await cache.match(SHELL.pages[languageOf(address)]);
  if (kept === undefined) return fetch(request);
  let timer;
  const tooLate = new Promise((resolve) => {
    timer = setTimeout(() => resolve(kept), PATIENCE_MS);
  });
  try {
    const answer = await Promise.race([fetch(request), tooLate]);
    return answer.status >= 500 ? kept : answer;
  } catch {
    return kept;
  } finally {
    clearTimeout(timer);
  }
}

function languageOf(address) {
  const stated = address.searchParams.get("lang");
  if (stated in SHELL.pages) return stated;
  const preferred = (self.navigator.languages ?? [self.navigator.language]).map((one) => one.slice(0, 2));
  return preferred.find((one) => one in SHELL.pages) ?? "sv";
}
