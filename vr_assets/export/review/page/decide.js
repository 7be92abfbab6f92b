"use strict";

// What a reviewer decides about a subject: accept, reject, edit, with a note.
(() => {
  const { make } = review;
  const NAMES = { accept: "Accepted", reject: "Rejected", edit: "Edited" };

  const take = (decisions) => {
    review.receive("decisions", decisions);
    review.decisionsChanged();
    document.dispatchEvent(new Event("decisions"));
  };

  // What others decided meanwhile, in another tab or before the page was built.
  review.refreshDecisions = async () => {
    if (!review.writable) return;
    try {
      const answer = await fetch("decisions", { cache: "no-store" });
      if (answer.ok) take(await answer.json());
    } catch {
      review.notify("The review server does not answer; start it again with: vr-assets review");
    }
  };

  const send = async (decision) => {
    let answer;
    try {
      answer = await fetch("decisions", {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(decision),
      });
    } catch {
      review.notify("Not saved: the review server does not answer; start it again with: vr-assets review");
      return false;
    }
    if (!answer.ok) {
      review.notify(`Not saved: ${(await answer.text()).slice(0, 500)}`);
      return false;
    }
    review.notify("");
    take(await answer.json());
    return true;
  };

  const told = (decision) => {
    if (!decision) return [make("span", { class: "badge" }, "Undecided")];
    const parts = [make("span", { class: `badge ${decision.outdated ? "outdated" : decision.verdict}` }, NAMES[decision.verdict])];
    if (decision.outdated) parts.push(make("span", { class: "badge outdated" }, "Outdated: the text changed since"));
    parts.push(make("span", { class: "quiet" }, `${decision.by ? `by ${decision.by}, ` : ""}${decision.at.slice(0, 16).replace("T", " ")} UTC`));
    if (decision.note) parts.push(make("span", { class: "note", dir: "auto" }, decision.note));
    for (const [name, text] of Object.entries(decision.edits || {})) {
      parts.push(make("div", { class: "edited" }, make("span", { class: "quiet" }, `${name}, edited`), review.text(text, `${name}, edited`)));
    }
    return parts;
  };

  const editor = (subject, name, save, close) => {
    const decision = review.decisionOn(subject);
    const before = decision && decision.verdict === "edit" && !decision.outdated ? decision.edits || {} : {};
    const areas = Object.entries(subject.fields).map(([field, text]) => {
      const area = make("textarea", { rows: Math.max(1, Math.min(12, Math.ceil(text.length / 70))), dir: "auto", name: field });
      area.value = field in before ? before[field] : text;
      return [field, text, area];
    });
    const submit = () => {
      const edits = Object.fromEntries(areas.filter(([, text, area]) => area.value !== text).map(([field, , area]) => [field, area.value]));
      if (Object.keys(edits).length) save(edits);
      else review.notify("Nothing was changed; change a text, or cancel.");
    };
    const form = make("form", { class: "editor", "aria-label": `Edit ${name}`, on: { submit: (event) => { event.preventDefault(); submit(); } } },
      ...areas.map(([field, , area]) => make("label", {}, field, area)),
      make("div", { class: "buttons" }, make("button", {}, "Save"), make("button", { type: "button", on: { click: close } }, "Cancel")));
    return form;
  };

  // The panel of a subject; `name` tells what it is, for people who do not see it.
  review.panel = (subject, name) => {
    const shown = make("div", { class: "decision", role: "status" });
    const place = make("div");
    const note = make("input", { type: "text", maxlength: 2000, dir: "auto" });
    const mayEdit = Object.keys(subject.fields || {}).length > 0;
    const save = (verdict, edits = {}) => send({ subject: subject.id, of: subject.of, verdict, note: note.value.trim(), edits });
    const close = () => {
      place.replaceChildren();
      root.querySelector("[data-do=edit]").focus();
    };
    const deeds = {
      accept: () => save("accept"),
      reject: () => save("reject"),
      edit: () => {
        if (!mayEdit) return;
        place.replaceChildren(editor(subject, name, async (edits) => { if (await save("edit", edits)) close(); }, close));
        place.querySelector("textarea").focus();
      },
    };
    const button = (what, title, key) => make("button", {
      type: "button", "data-do": what, "aria-keyshortcuts": key, "aria-label": `${title} ${name}`, on: { click: deeds[what] },
    }, title);
    const root = make("div", { class: "panel" }, shown);
    if (review.writable) {
      note.addEventListener("keydown", (event) => {
        const decision = review.decisionOn(subject);
        if (event.key !== "Enter") return;
        event.preventDefault();
        if (!decision) review.notify("Accept or reject first; the note is kept with that.");
        else save(decision.verdict, decision.edits || {});
      });
      root.append(make("div", { class: "buttons" }, button("accept", "Accept", "a"), button("reject", "Reject", "r"),
        mayEdit ? button("edit", "Edit", "e") : null, make("label", {}, "Note ", note)), place);
    }
    const tell = () => {
      const decision = review.decisionOn(subject);
      shown.replaceChildren(...told(decision));
      if (document.activeElement !== note) note.value = (decision && decision.note) || "";
      for (const one of root.querySelectorAll("[data-do]")) {
        one.setAttribute("aria-pressed", String(Boolean(decision) && !decision.outdated && decision.verdict === one.dataset.do));
      }
    };
    root.tell = tell;
    root.deeds = deeds;
    tell();
    return root;
  };

  document.addEventListener("decisions", () => {
    for (const panel of document.querySelectorAll(".panel")) panel.tell();
  });
})();
