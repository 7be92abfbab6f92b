"use strict";

// The gallery and its filters.
(() => {
  const { make, words_of } = review;
  const filters = [];
  const cards = new Map();
  const chosen = { text: "" };

  const verdicts = () => {
    const found = new Map();
    for (const decision of review.decisions.values()) {
      const entry = review.ownerEntry(decision.subject);
      if (!entry) continue;
      const stale = review.outdated.has(`${decision.subject} ${decision.of}`);
      if (!found.has(entry.key)) found.set(entry.key, new Set());
      found.get(entry.key).add(stale ? "outdated" : decision.verdict);
    }
    return found;
  };
  const NAMES = { accept: "accepted", reject: "rejected", edit: "edited", outdated: "outdated", none: "undecided" };

  const KINDS = [
    ["status", "Status", (entry) => [entry.status]],
    ["mode", "Mode", (entry) => (entry.mode ? [entry.mode] : [])],
    ["task", "Task", (entry) => entry.tasks || []],
    ["check", "Check", (entry) => entry.checks || []],
    ["stage", "Lost at", (entry) => (entry.stage ? [entry.stage] : [])],
    ["review", "Review", (entry) => [...(review.verdictsBy.get(entry.key) || ["none"])]],
  ];

  const title = (kind, value) => (kind === "review" ? NAMES[value] || value : words_of(value));

  const fill = () => {
    for (const { kind, values, select, label } of filters) {
      const counts = new Map();
      for (const entry of review.entries) for (const value of values(entry)) counts.set(value, (counts.get(value) || 0) + 1);
      const kept = select.value;
      if (kept && !counts.has(kept)) counts.set(kept, 0);
      select.replaceChildren(make("option", { value: "" }, "all"));
      for (const value of [...counts.keys()].sort()) {
        select.append(make("option", { value }, `${title(kind, value)} (${counts.get(value)})`));
      }
      select.value = kept;
      label.hidden = counts.size === 0;
    }
  };

  const card = (entry) => {
    const picture = entry.thumb
      ? make("img", { src: entry.thumb, alt: "", loading: "lazy", decoding: "async" })
      : make("span", { class: "nothing" }, "no picture");
    const facts = [words_of(entry.status)];
    if (entry.mode) facts.push(entry.mode);
    if (entry.duration_s) facts.push(`${entry.duration_s} s`);
    if (entry.questions) facts.push(`${entry.questions} questions`);
    const badges = make("span", { class: "badges" });
    const link = make("a", { href: `#${entry.key}` }, picture,
      make("span", { class: "name", dir: "auto" }, entry.name), make("span", { class: `facts ${entry.status}` }, facts.join(" · ")), badges);
    return { root: make("li", {}, link), link, badges };
  };

  const decorate = (entry, { badges }) => {
    const all = [
      ...(entry.stage ? [make("span", { class: "badge failed" }, `lost at ${words_of(entry.stage)}`)] : []),
      ...(entry.checks ? [make("span", { class: "badge check" }, `${entry.checks.length} checks`)] : []),
      ...[...(review.verdictsBy.get(entry.key) || [])].sort().map((one) => make("span", { class: `badge ${one}` }, NAMES[one])),
    ];
    badges.replaceChildren(...all);
  };

  const matches = (entry) => {
    for (const { kind, values } of filters) if (chosen[kind] && !values(entry).includes(chosen[kind])) return false;
    if (!chosen.text) return true;
    const inside = (review.words && review.words.get(entry.key)) || `${entry.name}\n${entry.id}`.toLowerCase();
    return chosen.text.split(/\s+/).every((word) => inside.includes(word));
  };

  const apply = () => {
    let count = 0;
    for (const [key, one] of cards) {
      one.root.hidden = !matches(review.byKey.get(key));
      count += one.root.hidden ? 0 : 1;
    }
    const all = review.entries.length.toLocaleString("en");
    document.getElementById("count").textContent = count === review.entries.length ? all : `${count.toLocaleString("en")} of ${all}`;
  };

  let typing = 0;
  const typed = (event) => {
    const value = event.target.value.trim().toLowerCase();
    clearTimeout(typing);
    typing = setTimeout(() => {
      chosen.text = value;
      apply();
      if (value && !review.words) review.load("search.js").then(apply, (error) => review.notify(error.message));
    }, 150);
  };

  review.verdictsBy = new Map();

  review.decisionsChanged = () => {
    review.verdictsBy = verdicts();
    for (const [key, one] of cards) decorate(review.byKey.get(key), one);
    fill();
    apply();
  };

  // Entries that pass the filters, in order.
  review.visible = () => review.entries.filter((entry) => !cards.get(entry.key).root.hidden);
  review.cardOf = (key) => cards.get(key) && cards.get(key).link;

  review.showGallery = () => {
    const form = document.getElementById("filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.append(make("label", {}, "Search ", make("input", { type: "search", id: "search", "aria-keyshortcuts": "/", on: { input: typed } })));
    for (const [kind, name, values] of KINDS) {
      const select = make("select", { name: kind, on: { change: () => { chosen[kind] = select.value; apply(); } } });
      const label = make("label", {}, `${name} `, select);
      filters.push({ kind, values, select, label });
      form.append(label);
    }
    for (const entry of review.entries) cards.set(entry.key, card(entry));
    document.getElementById("gallery").append(...[...cards.values()].map((one) => one.root));
    if (review.said.length) {
      document.getElementById("whole").append(make("details", {}, make("summary", {}, `${review.said.length} found in the batch as a whole`),
        ...review.said.map((one) => make("p", { class: "said" }, make("span", { class: "badge check" }, words_of(one.check)), " ", make("bdi", {}, one.said)))));
    }
    review.decisionsChanged();
  };
})();
