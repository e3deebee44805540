// Forms that may be sent later: their words are kept first and sent at once, or when the line is back.
(() => {
  "use strict";
  if (!window.isSecureContext || !navigator.locks || !window.indexedDB || !navigator.serviceWorker) return;
  const queue = self.clQueue;
  const $ = (selector) => document.querySelector(selector);
  const make = (tag, text, name) => {
    const one = document.createElement(tag);
    if (text) one.textContent = text;
    if (name) one.className = name;
    return one;
  };
  const button = (text, deed) => {
    const one = make("button", text, "btn cl-big");
    one.type = "button";
    one.addEventListener("click", deed);
    return one;
  };
  // A field may be called «submit».
  const submit = (form) => HTMLFormElement.prototype.submit.call(form);
  const STATES = {
    waiting: "queued, will be sent when online", "sign-in": "queued: sign in, and it will be sent", refused: "not sent",
  };

  // The list of what has not arrived.
  let own = [];
  const row = (entry) => {
    const item = make("li", "", "cl-outbox-row");
    const text = entry.fields.filter(([name]) => name !== "once").map(([, v]) => (v instanceof Blob ? v.name || "recording" : v)).filter(Boolean).join(" · ");
    const main = make("div", "", "cl-row-main");
    main.append(make("strong", entry.what), make("span", text.slice(0, 300)));
    main.append(make("span", `${STATES[entry.state]}${entry.why ? `: ${entry.why}` : ""}`, entry.state === "refused" ? "cl-error" : "cl-row-sub"));
    const buttons = make("div", "", "btn-list");
    if (entry.state === "refused") buttons.append(button("Try again", async () => {
      await queue.put({ ...entry, state: "waiting", why: "" });
      send();
    }));
    if (entry.state === "sign-in") {
      const link = make("a", "Sign in", "btn cl-big");
      link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
      buttons.append(link);
    }
    buttons.append(button("Delete", () => queue.remove(entry.n)));
    item.append(main, buttons);
    return item;
  };
  const show = async () => {
    own = await queue.mine();
    const place = $("#cl-outbox");
    if (!place) return;
    const others = (await queue.all()).length - own.length;
    const offline = !navigator.onLine;
    place.hidden = !own.length && !others && !offline;
    place.replaceChildren();
    if (offline) place.append(make("p", "You are offline. What you say is kept here and sent when you are online. Approvals and other decisions are not kept: they need to see how things stand.", "cl-alert"));
    if (own.length) {
      const list = make("ul", "", "cl-plain");
      list.append(...own.map(row));
      place.append(make("h2", "Not sent yet", "cl-small-title"), list);
    }
    if (others) place.append(make("p", `${others} more wait${others === 1 ? "s" : ""} on this device for somebody else, until they sign in.`, "cl-row-sub"));
  };
  queue.onchange = show;

  const send = async () => {
    const waiting = await queue.mine();
    if (!waiting.some((entry) => entry.state !== "refused")) return {};
    const sent = await queue.send();
    if ((await queue.mine()).some((entry) => entry.state === "waiting")) {
      navigator.serviceWorker.ready.then((it) => it.sync?.register("cl-outbox")).catch(() => {});
    }
    return sent;
  };

  const say = (form, text, name) => {
    let place = form.querySelector("[data-cl-say]");
    if (!place) {
      place = make("p");
      place.dataset.clSay = "";
      place.setAttribute("role", "alert");
      form.append(place);
    }
    place.className = name;
    place.textContent = text;
  };

  // Who is here must be known before anything is kept for them.
  let known;
  const ready = new Promise((done) => { known = done; });

  const keep = async (form, submitter) => {
    form.inert = true;
    form.querySelector("[data-cl-say]")?.remove();
    const fields = [...new FormData(form, submitter)].filter(([, v]) => !(v instanceof File) || v.size);
    let n;
    await ready;
    try {
      n = await queue.add({ what: form.dataset.clOutbox, url: form.getAttribute("action"), fields });
    } catch {
      // Nothing can be kept here (a private window, a full disk): the form goes its plain way.
      if (submitter?.name) {
        const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value });
        form.append(hidden);
      }
      submit(form);
      return;
    }
    if ("clShared" in form.dataset) await queue.remember("shared");
    // Whoever waits longer than this may write on: what was sent is in the list.
    const sending = send();
    let sent = await Promise.race([sending, new Promise((done) => setTimeout(done, 5000))]);
    const late = !sent;
    let writing = false;
    form.inert = false;
    delete form.dataset.sent;
    if (late) {
      form.reset();
      say(form, "Kept on this device, being sent …", "cl-ok");
      form.addEventListener("input", () => { writing = true; }, { once: true });
      sent = await sending;
    }
    if (sent[n]) {
      if (writing) say(form, "It has arrived.", "cl-ok");
      else location.assign(sent[n]);
      return;
    }
    const entry = await queue.get(n);
    if (late) {
      // What stays says in the list how it stands; the form may hold other words by now.
      say(form, entry ? `Kept on this device: ${STATES[entry.state]}.` : "", "cl-row-sub");
    } else if (!entry) {
      // Sent by another page of this device, or deleted in the list.
      form.reset();
    } else if (entry.state === "refused") {
      say(form, entry.why, "cl-error");
      await queue.remove(n);
    } else {
      form.reset();
      say(form, entry.state === "sign-in" ? "Kept on this device. Sign in, and it will be sent." : "Kept on this device: queued, will be sent when online.", "cl-ok");
      $("#cl-outbox")?.scrollIntoView({ block: "nearest" });
    }
  };

  const leave = async (form) => {
    const device = await navigator.serviceWorker.getRegistration();
    const subscription = await device?.pushManager?.getSubscription().catch(() => null);
    if (subscription) {
      await fetch("/push/subscriptions", {
        method: "DELETE", headers: { "Content-Type": "application/json" }, body: JSON.stringify(subscription),
      }).catch(() => {});
      await subscription.unsubscribe().catch(() => {});
    }
    await queue.clear(await queue.mine());
    await queue.remember("shared");
    await queue.remember("push");
    await queue.remember("person");
    submit(form);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if ("clOutbox" in form.dataset) {
      event.preventDefault();
      keep(form, event.submitter);
    } else if (!navigator.onLine) {
      event.preventDefault();
      delete form.dataset.sent;
      say(form, "You are offline. This is not kept for later: it needs to see how things stand. Nothing was sent.", "cl-error");
    } else if (form.getAttribute("action") === "/sign-out") {
      event.preventDefault();
      const many = own.length === 1 ? "1 thing you said has" : `${own.length} things you said have`;
      if (!own.length || confirm(`${many} not been sent yet. Sign out and delete what was not sent?`)) leave(form);
      else delete form.dataset.sent;
    }
  });

  // What another app shared with this one.
  const fill = async () => {
    const form = $("form[data-cl-shared]"), given = form && (await queue.recall("shared"));
    if (!given) return;
    const text = form.querySelector("textarea"), files = form.querySelector("input[type=file]");
    if (text && !text.value) text.value = given.text;
    if (files && given.files.length) {
      const bag = new DataTransfer();
      given.files.forEach((file) => bag.items.add(file));
      files.files = bag.files;
    }
    const named = form.querySelector("[data-cl-files]");
    if (named) named.textContent = given.files.map((file) => file.name).join(", ");
  };

  addEventListener("online", () => { show(); send(); });
  addEventListener("offline", show);
  document.addEventListener("visibilitychange", () => document.hidden || send());
  setInterval(() => own.length && navigator.onLine && send(), 30000);
  document.addEventListener("click", async (event) => {
    if (!event.target.closest("[data-cl-discard]")) return;
    event.preventDefault();
    await queue.remember("shared");
    location.assign("/dispatch/phone");
  });
  document.addEventListener("DOMContentLoaded", async () => {
    navigator.serviceWorker.register("/sw.js").catch(() => {});
    const person = $("[data-cl-person]")?.dataset.clPerson;
    try {
      if (person) await queue.remember("person", person);
    } finally {
      known();
    }
    await fill();
    await show();
    send();
  });
})();
