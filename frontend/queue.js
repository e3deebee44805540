// What was said on this device and has not arrived: kept in IndexedDB, sent in order, each once (the server knows the
// key). Shared by pages and the service worker; nothing here touches a page.
(() => {
  "use strict";
  const open = () => new Promise((done, fail) => {
    const asked = indexedDB.open("colleague", 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("outbox", { keyPath: "n", autoIncrement: true });
      asked.result.createObjectStore("meta");
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  let base;
  const database = () => (base ||= open().catch((error) => { base = undefined; throw error; }));
  const within = async (store, mode, deed) => {
    const transaction = (await database()).transaction(store, mode);
    const request = deed(transaction.objectStore(store));
    return new Promise((done, fail) => {
      transaction.oncomplete = () => done(request?.result);
      transaction.onerror = transaction.onabort = () => fail(transaction.error);
    });
  };
  const channel = new BroadcastChannel("cl-outbox");
  const changed = () => { channel.postMessage(""); queue.onchange(); };

  const queue = {
    onchange() {},
    all: () => within("outbox", "readonly", (s) => s.getAll()),
    get: (n) => within("outbox", "readonly", (s) => s.get(n)),
    recall: (name) => within("meta", "readonly", (s) => s.get(name)),
    remember: (name, value) =>
      within("meta", "readwrite", (s) => (value === undefined ? s.delete(name) : s.put(value, name))),
    async mine() {
      const person = await queue.recall("person");
      return (await queue.all()).filter((entry) => entry.person === person);
    },
    // An entry: what (words for people), url, fields ([name, text or File], …). Returns its number.
    async add(entry) {
      const person = await queue.recall("person");
      if (!person) throw new Error("nobody");
      const kept = { ...entry, id: crypto.randomUUID(), person, at: new Date().toISOString(), state: "waiting", why: "" };
      const n = await within("outbox", "readwrite", (s) => s.add(kept));
      changed();
      return n;
    },
    async put(entry) {
      // Deleted by its owner meanwhile: it does not come back.
      await within("outbox", "readwrite", (s) => {
        s.get(entry.n).onsuccess = (event) => event.target.result && s.put(entry);
      });
      changed();
    },
    async remove(n) { await within("outbox", "readwrite", (s) => s.delete(n)); changed(); },
    async clear(chosen) { for (const entry of chosen) await within("outbox", "readwrite", (s) => s.delete(entry.n)); changed(); },
    // Send what waits, in order, one sender at a time on this device. Returns where each sent one led, by number.
    send: () => navigator.locks.request("cl-outbox", async () => {
      const sent = {};
      for (const { n } of await queue.mine()) {
        const entry = await queue.get(n);
        if (!entry || entry.state === "refused") continue;
        if ((await queue.recall("person")) !== entry.person) break;
        const came = await post(entry);
        if (came.to) {
          sent[n] = came.to;
          await queue.remove(n);
          continue;
        }
        await queue.put({ ...entry, ...came });
        if (came.state !== "refused") break;
      }
      return sent;
    }),
  };

  const post = async (entry) => {
    const form = new FormData();
    for (const [name, value] of entry.fields) form.append(name, value);
    let answer, body;
    try {
      answer = await fetch(entry.url, {
        method: "POST", body: form, redirect: "error", signal: AbortSignal.timeout(180000),
        headers: { Accept: "application/json", "Idempotency-Key": entry.id, "Colleague-Person": entry.person },
      });
      body = await answer.json();
    } catch {
      // No answer, or one that is not ours (a hotel's sign-in page): it is not known to have arrived, so it stays.
      return { state: "waiting", why: "" };
    }
    if (answer.ok && typeof body.to === "string" && body.to.startsWith("/")) return { to: body.to };
    const why = typeof body.message === "string" ? body.message : "";
    if (answer.status === 401 || body.code === "OtherPerson") return { state: "sign-in", why: "" };
    if (answer.ok || answer.status >= 500 || [408, 425, 429].includes(answer.status)) return { state: "waiting", why };
    return { state: "refused", why: why || `The server refused it (${answer.status}).` };
  };

  channel.onmessage = () => queue.onchange();
  self.clQueue = queue;
})();
