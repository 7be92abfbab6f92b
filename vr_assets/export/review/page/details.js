"use strict";

// One video or image with everything that is known of it.
(() => {
  const { make, text, words_of } = review;

  const section = (title, ...children) => {
    const found = children.filter(Boolean);
    return found.length ? make("section", { class: "part" }, make("h3", {}, title), ...found) : null;
  };

  const decidable = (subject, name, heading, ...children) => {
    const panel = review.panel(subject, name);
    const made = make("article", { class: "decidable", tabindex: -1, "data-subject": subject.id, "aria-label": name }, heading, ...children, panel);
    made.panel = panel;
    return made;
  };

  const said = (item, subject) => (item.said || [])
    .filter((one) => one.subject === subject.id)
    .map((one) => {
      const stale = one.of && one.of !== subject.of;
      const state = stale ? "outdated" : one.passed ? "accept" : "check";
      const word = stale ? "of an earlier text" : one.passed ? "passed" : "found";
      return make("p", { class: "said" }, make("span", { class: `badge ${state}` }, `${words_of(one.check)}: ${word}`), " ", make("bdi", {}, one.said));
    });

  const question = (item, one, index, player) => {
    const options = one.options
      ? make("ol", { class: "options" }, ...one.options.map(([letter, words]) => make("li", {}, make("b", {}, `${letter}) `), make("bdi", {}, words))))
      : null;
    const answer = make("details", { class: "answer" }, make("summary", {}, "Answer"),
      make("p", { class: "right", dir: "auto" }, one.answer),
      one.span && player
        ? make("button", { type: "button", class: "stamp", on: { click: () => review.seek(player, one.span[0]) } }, "Seek to its start")
        : null,
      one.explanation ? text(one.explanation, "Explanation") : null,
      make("h5", {}, "Reasoning"), text(one.reasoning, "Reasoning"));
    return decidable(one.subject, `question ${index + 1}`, make("h4", {}, `${index + 1}. ${words_of(one.qa_type)}`),
      text(one.question, "Question"), options, answer, ...said(item, one.subject));
  };

  const expression = (item, one, groups) => decidable(one.subject, `expression ${one.text.slice(0, 60)}`,
    review.boxSwitch(one, groups.get(one.subject.id)),
    ...(one.notes || []).map((note) => make("p", { class: "said" }, make("bdi", {}, note))), ...said(item, one.subject));

  const stages = (item) => make("table", {}, make("tbody", {}, ...(item.stages || []).map((stage) => make("tr", {},
    make("th", { scope: "row" }, words_of(stage.name)),
    make("td", {}, make("span", { class: `badge ${stage.status}` }, words_of(stage.status))),
    make("td", {}, stage.reason ? text(stage.reason, "Reason") : null,
      ...(stage.lost || []).map(([what, reason]) => text(`${what}: ${reason}`, "Part that failed")))))));

  const facts = (item) => make("table", {}, make("tbody", {}, ...(item.facts || []).map(([name, value]) => make("tr", {},
    make("th", { scope: "row" }, name), make("td", {}, text(value, name))))));

  const playerOf = (item, pictures = item.pictures) => {
    if (!pictures.clip) return null;
    return make("video", { controls: true, preload: "metadata", playsinline: true, src: pictures.clip,
      poster: pictures.thumb || null, "aria-label": `Video ${item.name}` });
  };

  const others = (item) => {
    const known = new Set([item.subject.id, ...(item.questions || []).map((one) => one.subject.id), ...(item.expressions || []).map((one) => one.subject.id)]);
    return (item.said || []).filter((one) => !known.has(one.subject)).map((one) => make("p", { class: "said" },
      make("span", { class: "badge check" }, `${words_of(one.check)}: ${one.passed ? "passed" : "found"}`), " ", make("bdi", {}, `${one.subject}: ${one.said}`)));
  };

  // A video without an incident has no highlight, and lost nothing.
  const isLoss = (stage) => (stage.reason && !(stage.name === "highlights" && stage.status === "skipped")) || (stage.lost || []).length;

  const lost = (item) => (item.stages || []).filter(isLoss).map((stage) => make("p", { class: "said" },
    make("span", { class: `badge ${stage.status === "ok" ? "check" : stage.status}` }, `${words_of(stage.name)}: ${stage.status === "ok" ? "in part" : words_of(stage.status)}`),
    " ", make("bdi", {}, [stage.reason, ...(stage.lost || []).map(([what, reason]) => `${what}: ${reason}`)].filter(Boolean).join("; "))));

  const video = (item) => {
    const player = playerOf(item);
    const events = item.events || [], chunks = item.chunks || [], highlight = item.highlight ? [item.highlight] : [];
    const timeline = player && item.duration_s
      ? review.timeline(player, item.duration_s, [["Events", "events", events], ["Chunks", "chunks", chunks], ["Highlight", "highlight", highlight]])
      : null;
    const moment = item.highlight_s === undefined || !player ? null : make("button", {
      type: "button", class: "stamp", on: { click: () => review.seek(player, item.highlight_s) } }, `The moment: ${review.clock(item.highlight_s)}`);
    return [
      [player || make("p", { class: "nothing" }, item.pictures.problem || "no video"), timeline],
      [
        section("Captions", ...(item.captions || []).flatMap(([title, words]) => [make("h4", {}, title), text(words, title)])),
        section("Events", events.length ? review.moments(player, events) : null),
        section("Highlight", highlight.length ? review.moments(player, highlight) : null, highlight.length ? moment : null),
        section("Chunks", chunks.length ? review.moments(player, chunks) : null),
        section("Description", item.description ? text(item.description, "Description") : null),
        section("Questions", ...(item.questions || []).map((one, index) => question(item, one, index, player))),
      ],
    ];
  };

  const image = (item) => {
    const { root, groups } = review.boxedImage(item);
    const all = item.expressions || [];
    const switchAll = all.length > 1 ? make("button", { type: "button", on: { click: () => {
      const boxes = [...document.querySelectorAll(".switch input:not(:disabled)")];
      const on = boxes.some((one) => !one.checked);
      for (const one of boxes) if (one.checked !== on) one.click();
    } } }, "All boxes on or off") : null;
    return [
      [root],
      [
        section("Captions", ...(item.captions || []).flatMap(([title, words]) => [make("h4", {}, title), text(words, title)])),
        section("Expressions", switchAll, ...all.map((one) => expression(item, one, groups))),
      ],
    ];
  };

  const conversation = (item) => [
    [item.pictures, ...(item.pictures.more || [])].map((one) => playerOf(item, one)
      || (one.still ? make("div", { class: "boxed" }, make("img", { src: one.still, alt: item.name })) : make("p", { class: "nothing" }, one.problem || "no picture"))),
    [section("Texts", ...(item.captions || []).flatMap(([title, words]) => [make("h4", {}, title), text(words, title)]))],
  ];

  const KINDS = { videos: ["video", video], images: ["image", image], conversations: ["row", conversation] };

  review.showDetails = (item) => {
    const visible = review.visible();
    const place = visible.findIndex((entry) => entry.key === item.key);
    const [kind, parts] = KINDS[document.documentElement.dataset.graph];
    const step = (by, title) => {
      const other = place < 0 ? null : visible[place + by];
      return other ? make("a", { class: "step", href: `#${other.key}`, rel: by > 0 ? "next" : "prev" }, title) : make("span", { class: "step quiet" }, title);
    };
    const [left, right] = parts(item);
    const whole = decidable(item.subject, `the ${kind}`, make("h3", {}, `The ${kind} as a whole`),
      ...lost(item), ...said(item, item.subject), ...others(item));
    const nav = make("nav", { "aria-label": "Neighbours" }, make("a", { href: "#", class: "step" }, "All"), step(-1, "Previous"), step(1, "Next"),
      make("span", { class: "quiet" }, place < 0 ? "" : `${place + 1} of ${visible.length}`));
    document.getElementById("details").replaceChildren(
      make("div", { class: "bar-top" }, nav, make("h2", { dir: "auto", tabindex: -1 }, item.name)),
      make("div", { class: "columns" },
        make("div", { class: "left" }, ...left.filter(Boolean), whole),
        make("div", { class: "right" }, ...right.filter(Boolean), section("Stages", stages(item)), section("Facts", facts(item)))),
    );
  };
})();
