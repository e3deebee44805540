// A recorder for voice notes: what it records becomes the form's file. Nothing is sent before a tap.
(() => {
  "use strict";
  const LONGEST = 295;
  const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
  if (!window.MediaRecorder || !navigator.mediaDevices?.getUserMedia) return;
  let recorder, ticking;

  const record = async (button) => {
    const form = button.form, say = form.querySelector("[data-cl-record-say]"), file = form.querySelector("input[type=file]");
    if (recorder?.state === "recording") {
      recorder.stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      say.textContent = "The microphone was refused. Allow it in the browser's settings, or choose a recording.";
      return;
    }
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const parts = [], began = Date.now();
    const seconds = () => Math.round((Date.now() - began) / 1000);
    recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 32000 });
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = () => {
      clearInterval(ticking);
      stream.getTracks().forEach((track) => track.stop());
      const bag = new DataTransfer();
      bag.items.add(new File(parts, `voice.${kind.slice(6).split(";")[0]}`, { type: kind.split(";")[0] }));
      file.files = bag.files;
      button.textContent = "Record again";
      say.textContent = `Recorded ${seconds()} s. It is not sent yet.`;
    };
    // In pieces: what was said until a phone is locked is not lost.
    recorder.start(1000);
    button.textContent = "Stop";
    ticking = setInterval(() => {
      say.textContent = `Recording ${seconds()} s`;
      if (seconds() >= LONGEST) recorder.stop();
    }, 500);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-cl-record]");
    if (button) record(button);
  });
  document.addEventListener("DOMContentLoaded", () =>
    document.querySelectorAll("[data-cl-record]").forEach((button) => button.removeAttribute("hidden")));
})();
