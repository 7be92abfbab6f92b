"use strict";

// What is shown follows the address: `#<key>` opens one, without it there is the gallery.
(() => {
  let left = null;
  let scrolled = 0;

  const show = async () => {
    const key = location.hash.slice(1);
    const gallery = document.getElementById("gallery"), details = document.getElementById("details");
    if (!review.byKey.has(key)) {
      details.hidden = true;
      details.replaceChildren();
      gallery.hidden = false;
      document.body.classList.remove("open");
      window.scrollTo(0, scrolled);
      if (left && review.cardOf(left)) review.cardOf(left).focus({ preventScroll: false });
      left = null;
      return;
    }
    if (left === null) scrolled = window.scrollY;
    left = key;
    try {
      await review.load(`items/${key}.js`);
    } catch (error) {
      review.notify(error.message);
      return;
    }
    if (location.hash.slice(1) !== key) return;
    gallery.hidden = true;
    details.hidden = false;
    document.body.classList.add("open");
    review.showDetails(review.items.get(key));
    window.scrollTo(0, 0);
    details.querySelector("h2").focus({ preventScroll: true });
  };

  document.addEventListener("DOMContentLoaded", () => {
    review.showGallery();
    review.listen();
    window.addEventListener("hashchange", show);
    show();
    if (!review.writable) {
      document.getElementById("count").after(review.make("span", { class: "quiet", id: "read-only" }, "read only: vr-assets review lets you decide"));
    }
    review.refreshDecisions();
    document.addEventListener("visibilitychange", () => { if (!document.hidden) review.refreshDecisions(); });
    window.addEventListener("focus", review.refreshDecisions);
    document.documentElement.dataset.ready = "yes";
  });
})();
