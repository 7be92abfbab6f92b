"use strict";

// An image with the boxes of its expressions, drawn over it and switched by expression.
(() => {
  const { make } = review;
  const SVG = "http://www.w3.org/2000/svg";
  // Okabe and Ito's colours, which people who see colours differently tell apart too.
  const COLOURS = ["#d55e00", "#56b4e9", "#f0e442", "#009e73", "#cc79a7", "#0072b2", "#e69f00"];

  const drawn = (tag, attributes) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
    return made;
  };

  review.boxedImage = (item) => {
    const [width, height] = item.size || [0, 0];
    const layer = drawn("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const groups = new Map();
    (item.expressions || []).forEach((one, index) => {
      const colour = COLOURS[index % COLOURS.length];
      const group = drawn("g", { class: "boxes", stroke: colour, "stroke-dasharray": Math.floor(index / COLOURS.length) % 2 ? "8 6" : "none" });
      for (const [left, top, right, bottom] of one.boxes || []) {
        const at = { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top), fill: "none" };
        group.append(drawn("rect", { ...at, class: "under" }), drawn("rect", { ...at, class: "over" }));
      }
      layer.append(group);
      groups.set(one.subject.id, { group, colour });
    });
    const picture = item.pictures.still
      ? make("img", { src: item.pictures.still, alt: item.name })
      : make("p", { class: "nothing" }, item.pictures.problem || "no picture");
    return { root: make("div", { class: "boxed" }, picture, item.pictures.still ? layer : null), groups };
  };

  // A switch for an expression's boxes.
  review.boxSwitch = (one, { group, colour }) => {
    const scores = (one.scores || []).filter((score) => score !== null).map((score) => score.toFixed(2));
    const count = (one.boxes || []).length;
    const told = count ? `${count} ${count === 1 ? "box" : "boxes"}${scores.length ? ` (${scores.join(", ")})` : ""}` : one.grounded;
    const swatch = count ? make("span", { class: "swatch", "aria-hidden": "true" }) : null;
    if (swatch) swatch.style.setProperty("--colour", colour);
    const box = make("input", {
      type: "checkbox", checked: count > 0, disabled: !count,
      on: { change: () => group.classList.toggle("off", !box.checked) },
    });
    const light = (on) => () => group.classList.toggle("lit", on);
    return make("label", { class: "switch", on: { pointerenter: light(true), pointerleave: light(false), focusin: light(true), focusout: light(false) } },
      box, swatch, make("bdi", {}, one.text), make("span", { class: "quiet" }, told));
  };
})();
