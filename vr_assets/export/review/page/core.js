"use strict";

// What all parts of the page share. Texts come from models: they only ever become text nodes or attributes that run nothing.
const review = {
  entries: [],
  said: [],
  byKey: new Map(),
  ownerOf: new Map(),
  items: new Map(),
  words: null,
  decisions: new Map(),
  outdated: new Set(),
  writable: document.documentElement.dataset.writable === "yes",
};

// Data files call this.
review.receive = (kind, content) => {
  if (kind === "batch") {
    review.entries = content.entries;
    review.said = content.said;
    for (const entry of content.entries) {
      review.byKey.set(entry.key, entry);
      if (!review.ownerOf.has(entry.id)) review.ownerOf.set(entry.id, entry);
      for (const one of entry.outdated || []) review.outdated.add(one);
    }
  } else if (kind === "decisions") {
    review.decisions = new Map(content.map((one) => [one.subject, one]));
  } else if (kind === "search") {
    review.words = new Map(Object.entries(content));
  } else if (kind === "item") {
    review.items.set(content.key, content);
  }
};

const loading = new Map();

// Loads a data file once. As a script, for a page from disk may not fetch.
review.load = (path) => {
  if (!loading.has(path)) {
    loading.set(path, new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = path;
      script.addEventListener("load", () => done());
      script.addEventListener("error", () => {
        loading.delete(path);
        script.remove();
        failed(new Error(`${path} cannot be loaded; build the page again with: vr-assets review --build`));
      });
      document.head.append(script);
    }));
  }
  return loading.get(path);
};

// An element: attributes by name, `on` handlers by event, children as nodes or texts.
review.make = (tag, options, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (name === "on") for (const [event, handler] of Object.entries(value)) made.addEventListener(event, handler);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
};

const LONG_CHARACTERS = 3000;

// A text as it came, in its own direction; a long one scrolls in its place.
review.text = (value, label) => {
  const long = value.length > LONG_CHARACTERS;
  return review.make("div", {
    class: long ? "text long" : "text", dir: "auto",
    tabindex: long ? 0 : null, role: long ? "region" : null, "aria-label": long ? label : null,
  }, value);
};

review.clock = (seconds) => {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const [minutes, rest] = [Math.floor(tenths / 600), tenths % 600];
  const tail = `${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
  const pad = (value) => String(value).padStart(2, "0");
  return minutes < 60 ? `${pad(minutes)}:${tail}` : `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}:${tail}`;
};

review.words_of = (name) => name.replaceAll("_", " ");

review.notify = (message) => {
  const notice = document.getElementById("notice");
  notice.textContent = message || "";
  notice.hidden = !message;
};

// Whose subject it is: its own, or that of what stands before its last one or two slashes.
review.ownerEntry = (subject) => {
  let candidate = subject;
  for (let cut = 0; cut <= 2; cut += 1) {
    if (review.ownerOf.has(candidate)) return review.ownerOf.get(candidate);
    const slash = candidate.lastIndexOf("/");
    if (slash < 0) return null;
    candidate = candidate.slice(0, slash);
  }
  return null;
};

// The decision on a subject, and whether it was made on another text than is shown.
review.decisionOn = (subject) => {
  const decision = review.decisions.get(subject.id);
  return decision ? { ...decision, outdated: decision.of !== subject.of } : null;
};
