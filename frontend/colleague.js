// Small things that make pages pleasant. Every page works without them.
(() => {
  "use strict";
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Times in the reader's own zone and words.
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  const times = (root) => {
    for (const time of $$("time[datetime]", root)) {
      const date = new Date(time.dateTime);
      if (isNaN(date)) continue;
      time.title = time.dateTime;
      const age = (Date.now() - date) / 1000;
      if ("clTime" in time.dataset) time.textContent = clock.format(date);
      else if (age >= 0 && age < 60) time.textContent = "just now";
      else if (age >= 0 && age < 3600) time.textContent = `${Math.round(age / 60)} min ago`;
      else time.textContent = format.format(date);
    }
  };

  // A live page says when nothing was heard for long.
  const stale = () => {
    for (const live of $$("[data-cl-stale]")) {
      const last = live.querySelector("[data-cl-last]");
      const working = live.querySelector(".cl-working");
      if (last && working) live.classList.toggle("cl-stale", Date.now() - new Date(last.dateTime) > 10000);
      else live.classList.remove("cl-stale");
    }
  };

  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "a" || event.key === "d") {
      const cards = $$("[data-cl-decide]");
      if (cards.length === 1) cards[0].querySelector(`[data-cl-key="${event.key}"]`)?.focus();
    } else if (event.key === "j" || event.key === "k") {
      const items = $$("[data-cl-item]");
      const at = items.indexOf(document.activeElement);
      items[Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), items.length - 1)]?.focus();
    } else if (event.key === "n") {
      document.querySelector('a[href="/tasks/new"]')?.click();
    }
  });

  // Ctrl+Enter sends, the steer box grows with its text.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) event.target.form.requestSubmit();
  });
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-cl-steer] textarea")) {
      event.target.style.height = "auto";
      event.target.style.height = `${Math.min(event.target.scrollHeight, 240)}px`;
    }
  });

  // One press is one press.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    else {
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });
  addEventListener("pageshow", () => $$("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // What a person has opened stays open when the page is renewed under their hands.
  const opened = new Set();
  document.addEventListener("click", (event) => {
    const details = event.target.closest("summary")?.parentElement;
    if (!details?.id) return;
    if (details.open) opened.delete(details.id);
    else opened.add(details.id);
  });
  document.addEventListener("htmx:after:swap", () =>
    opened.forEach((id) => document.getElementById(id)?.setAttribute("open", "")));

  const fresh = () => { times(document); stale(); };
  document.addEventListener("htmx:after:swap", fresh);
  document.addEventListener("DOMContentLoaded", fresh);
  setInterval(fresh, 5000);
})();
