"use strict";

// Everything by keyboard.
(() => {
  const { make } = review;
  const HELP = [
    ["j, k", "next and previous: in the gallery, or of what can be decided"],
    ["Enter", "open"], ["n, p", "next and previous video or image"], ["Escape", "back"], ["/", "search"],
    ["Space", "play and pause"], ["←, →", "two seconds back and on"], ["v", "reveal the answer"],
    ["a, r, e", "accept, reject, edit; the note is kept with it"], ["?", "this help"],
  ];
  const STEP_S = 2;

  const details = () => document.getElementById("details");
  const isOpen = () => !details().hidden;

  const walk = (by) => {
    const stops = isOpen()
      ? [...details().querySelectorAll(".decidable")]
      : review.visible().map((entry) => review.cardOf(entry.key));
    if (!stops.length) return;
    const at = stops.findIndex((stop) => stop.contains(document.activeElement));
    const next = stops[at < 0 ? (by > 0 ? 0 : stops.length - 1) : Math.max(0, Math.min(stops.length - 1, at + by))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const current = () => {
    const active = document.activeElement && document.activeElement.closest(".decidable");
    return active || details().querySelector(".decidable");
  };

  const act = (what) => {
    const one = isOpen() && current();
    if (one && review.writable) one.panel.deeds[what]();
  };

  const turn = (rel) => {
    const link = isOpen() && details().querySelector(`a[rel=${rel}]`);
    if (link) link.click();
  };

  const player = () => (isOpen() ? details().querySelector("video") : null);

  const nudge = (by) => {
    const video = player();
    if (video) review.seek(video, Math.max(0, video.currentTime + by));
  };

  const play = () => {
    const video = player();
    if (!video) return false;
    if (video.paused) video.play().catch(() => review.notify("The video cannot be played in this browser."));
    else video.pause();
    return true;
  };

  const DEEDS = {
    j: () => walk(1), k: () => walk(-1), ArrowDown: () => (isOpen() ? false : walk(1)), ArrowUp: () => (isOpen() ? false : walk(-1)),
    n: () => turn("next"), p: () => turn("prev"),
    ArrowLeft: () => (isOpen() ? nudge(-STEP_S) : walk(-1)), ArrowRight: () => (isOpen() ? nudge(STEP_S) : walk(1)),
    " ": play,
    a: () => act("accept"), r: () => act("reject"), e: () => act("edit"),
    v: () => { const answer = isOpen() && current().querySelector("details"); if (answer) answer.open = !answer.open; },
    "/": () => document.getElementById("search").focus(),
    "?": () => document.getElementById("help").showModal(),
  };

  const pressed = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("help").open) return;
    const { target } = event;
    if (event.key === "Escape") {
      const editor = target.closest("form.editor");
      if (editor) editor.querySelector("button[type=button]").click();
      else if (target.matches("input, textarea, select")) target.blur();
      else if (isOpen()) location.hash = "";
      return;
    }
    if (target.matches("input:not([type=checkbox]), textarea, select")) return;
    if (target.matches("video") && (event.key === " " || event.key.startsWith("Arrow"))) return;
    if (event.key === " " && target.matches("button, summary, input")) return;
    const deed = DEEDS[event.key];
    if (deed && deed() !== false) event.preventDefault();
  };

  review.listen = () => {
    document.getElementById("help-keys").append(...HELP.flatMap(([keys, what]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, what)]));
    document.getElementById("help-button").addEventListener("click", DEEDS["?"]);
    document.addEventListener("keydown", pressed);
  };
})();
