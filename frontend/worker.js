// The service worker: styles, scripts and a page for «no line», nothing of anybody's; sends what was kept; notices.
"use strict";
const CACHE = `colleague-${STAMP}`;
const KEPT = [
  "/offline", "/offline?unknown=1",
  ...["app.css", "app.js", "icons.svg", "icon.svg", "icon-180.png", "icon-512.png"].map((name) => `/assets/${STAMP}/${name}`),
];

self.addEventListener("install", (event) => {
  // Without cookies: what is kept here is the same for everybody.
  const fresh = KEPT.map((url) => new Request(url, { cache: "reload", credentials: "omit" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => Promise.all(names.filter((n) => n !== CACHE).map((n) => caches.delete(n))));
  event.waitUntil(old.then(() => self.clients.claim()));
});

const shared = async (request) => {
  const form = await request.formData();
  const text = ["title", "text", "url"].map((name) => form.get(name)).filter(Boolean).join("\n");
  await clQueue.remember("shared", { text, files: form.getAll("files").filter((file) => file.size) });
  return Response.redirect("/dispatch/share", 303);
};

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "GET" && url.pathname.startsWith(`/assets/${STAMP}/`)) {
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
  } else if (request.mode === "navigate") {
    if (request.method === "POST" && url.pathname === "/dispatch/share") event.respondWith(shared(request));
    // A form that broke off may have arrived: its page says so.
    else event.respondWith(fetch(request).catch(() => caches.match(request.method === "GET" ? "/offline" : "/offline?unknown=1")));
  }
});

self.addEventListener("sync", (event) => {
  if (event.tag === "cl-outbox") event.waitUntil(clQueue.send().then(() => clQueue.mine()).then((left) => {
    if (left.some((entry) => entry.state === "waiting")) throw new Error("later");
  }));
});

// Notices lead to a page with large buttons; nothing is decided in the notice itself.
const inside = (link) => {
  const url = new URL(link || "/", location.origin);
  return url.origin === location.origin ? url.href : location.origin;
};
self.addEventListener("push", (event) => {
  let notice = {};
  try { notice = event.data.json(); } catch { /* Shown all the same: browsers ask that each push is seen. */ }
  event.waitUntil(self.registration.showNotification(notice.title || "Colleague", {
    body: notice.body || "Something waits for you.", tag: notice.tag || undefined, data: { link: inside(notice.link) },
    icon: `/assets/${STAMP}/icon-512.png`,
  }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const link = inside(event.notification.data?.link);
  event.waitUntil(self.clients.matchAll({ type: "window" }).then((all) => {
    const there = all.find((client) => client.url === link);
    return there ? there.focus() : self.clients.openWindow(link);
  }));
});
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil((async () => {
  const { key } = await (await fetch("/push/key", { headers: { Accept: "application/json" } })).json();
  const fresh = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  await fetch("/push/subscriptions", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(fresh),
  });
})()));
