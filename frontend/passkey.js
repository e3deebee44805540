// Passkeys (WebAuthn): the browser's part of registering and of signing in.
(() => {
  "use strict";
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
  const send = (url, body) => fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const say = (button, text) => { button.parentElement.querySelector("[data-cl-passkey-say]").textContent = text; };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-cl-passkey]");
    if (!button) return;
    event.preventDefault();
    const adding = button.dataset.clPasskey === "add";
    const base = adding ? "/me/passkeys" : "/sign-in/passkey";
    try {
      const options = await (await send(`${base}/options`, {})).json();
      const publicKey = adding
        ? PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey)
        : PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
      const credential = await navigator.credentials[adding ? "create" : "get"]({ publicKey });
      const answer = await send(base, { challenge: options.challenge, credential: credential.toJSON(), next: button.dataset.next || "" });
      const result = await answer.json();
      if (answer.ok) location.href = result.next;
      else say(button, result.message || "That did not work.");
    } catch {
      say(button, "That did not work. Try again, or use your password.");
    }
  });
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-cl-passkey]").forEach((b) => b.removeAttribute("hidden")));
})();
