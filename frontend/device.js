// «This device»: install the app, notify me here.
(() => {
  "use strict";
  const $ = (selector) => document.querySelector(selector);
  const ios = /iPhone|iPad/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
  const installed = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
  let offer;

  const words = () => {
    const place = $("[data-cl-install]");
    if (!place) return;
    const text = place.querySelector("p"), button = place.querySelector("button");
    button.hidden = !offer;
    if (installed()) text.textContent = "Colleague is installed on this device.";
    else if (ios) text.textContent = "Tap Share, then «Add to Home Screen». Notices work only after that.";
    else if (offer) text.textContent = "It then opens like an app and is offered when you share something.";
    else text.textContent = "Your browser's menu has «Install» or «Add to Home Screen», if it can.";
  };
  addEventListener("beforeinstallprompt", (event) => { event.preventDefault(); offer = event; words(); });
  addEventListener("appinstalled", () => { offer = undefined; words(); });

  const tell = (method, subscription) => fetch("/push/subscriptions", {
    method, headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(subscription),
  });
  const state = async () => {
    const place = $("[data-cl-push]");
    if (!place) return;
    const text = place.querySelector("p"), button = place.querySelector("button");
    button.hidden = true;
    if (!navigator.serviceWorker || !window.PushManager || !window.Notification) {
      text.textContent = ios && !installed()
        ? "On an iPhone or iPad, first add Colleague to the Home Screen (above) and open it from there."
        : "This browser cannot show notices of a website. They come by mail all the same.";
      return;
    }
    const key = await fetch("/push/key", { headers: { Accept: "application/json" } }).then((a) => (a.ok ? a.json() : null)).catch(() => null);
    if (!key) {
      text.textContent = "Push notices are not set up here, or the line is gone. Notices come by mail.";
      return;
    }
    if (Notification.permission === "denied") {
      text.textContent = "You have refused notices of this site in the browser's settings. Allow them there, and come back.";
      return;
    }
    const device = await navigator.serviceWorker.ready;
    const found = await device.pushManager.getSubscription();
    // One that somebody else made on this device tells nothing to me.
    const person = $("[data-cl-person]")?.dataset.clPerson;
    const mine = found && (await clQueue.recall("push")) === person;
    // Removed elsewhere (a lost phone, another browser): the server knows.
    const known = mine && (await fetch("/push/subscriptions", { headers: { Accept: "application/json" } }).then((a) => a.json()).catch(() => [0]));
    const subscription = mine && known.length ? found : null;
    button.hidden = false;
    button.textContent = subscription ? "Stop notices on this device" : "Notify me on this device";
    text.textContent = subscription ? "This device is notified." : "A notice says what waits, never what is in it, and opens the page where you decide.";
    button.onclick = async () => {
      button.disabled = true;
      try {
        if (subscription) {
          await tell("DELETE", subscription);
          await subscription.unsubscribe();
          await clQueue.remember("push");
        } else if ((await Notification.requestPermission()) === "granted") {
          await found?.unsubscribe();
          const fresh = await device.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key.key });
          const answer = await tell("POST", fresh);
          if (!answer.ok) {
            await fresh.unsubscribe();
            throw new Error((await answer.json()).message);
          }
          await clQueue.remember("push", person);
        }
        await state();
      } catch (error) {
        text.textContent = `That did not work: ${error.message || "try again later"}`;
      }
      button.disabled = false;
    };
  };

  document.addEventListener("DOMContentLoaded", () => {
    words();
    state();
    $("[data-cl-install] button")?.addEventListener("click", async () => { await offer?.prompt(); offer = undefined; words(); });
  });
})();
