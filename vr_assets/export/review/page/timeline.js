"use strict";

// A video with what is said of its times: stretches on lanes that seek the player.
(() => {
  const { make, clock } = review;
  const MOST_LANES = 6;

  // Stretches of one kind on as few lanes as do not overlap; beyond a number they share the last.
  const lanes = (moments) => {
    const ends = [];
    return moments.map((moment) => {
      let lane = ends.findIndex((end) => moment.start_s >= end - 1e-6);
      if (lane < 0) lane = Math.min(ends.length, MOST_LANES - 1);
      ends[lane] = Math.max(ends[lane] || 0, moment.end_s);
      return lane;
    });
  };

  const percent = (value, of) => `${Math.max(0, Math.min(100, of > 0 ? (100 * value) / of : 0))}%`;

  review.seek = (player, seconds) => {
    player.currentTime = seconds;
    player.dataset.sought = String(seconds);
  };

  // rows: [title, class, moments]
  review.timeline = (player, duration_s, rows) => {
    const bars = [];
    const head = make("div", { class: "head", "aria-hidden": "true" });
    const tracks = make("div", { class: "tracks" });
    for (const [title, kind, moments] of rows) {
      if (!moments.length) continue;
      const placed = lanes(moments);
      const track = make("div", { class: `track ${kind}`, role: "group", "aria-label": title });
      track.style.setProperty("--lanes", String(Math.max(...placed) + 1));
      moments.forEach((moment, index) => {
        const label = `${clock(moment.start_s)} - ${clock(moment.end_s)} ${moment.text}`;
        const bar = make("button", {
          type: "button", class: "bar", title: label.slice(0, 300), "aria-label": `${title}: ${label.slice(0, 300)}`,
          on: { click: () => review.seek(player, moment.start_s) },
        });
        bar.style.setProperty("--from", percent(moment.start_s, duration_s));
        bar.style.setProperty("--long", percent(moment.end_s - moment.start_s, duration_s));
        bar.style.setProperty("--lane", String(placed[index]));
        bars.push([bar, moment]);
        track.append(bar);
      });
      tracks.append(make("span", { class: "track-name", "aria-hidden": "true" }, title), track);
    }
    const time = make("output", { class: "time" }, clock(0));
    const tell = () => {
      head.style.setProperty("--from", percent(player.currentTime, duration_s));
      time.textContent = `${clock(player.currentTime)} of ${clock(duration_s)}`;
      for (const [bar, { start_s, end_s }] of bars) {
        bar.classList.toggle("now", player.currentTime >= start_s - 0.05 && player.currentTime < end_s);
      }
    };
    for (const event of ["timeupdate", "seeking", "loadedmetadata"]) player.addEventListener(event, tell);
    tell();
    const plane = make("div", { class: "plane", "aria-hidden": "true" }, head);
    return make("div", { class: "timeline", role: "group", "aria-label": "Timeline" }, tracks, plane, time);
  };

  // The same moments as a list to read; each seeks too.
  review.moments = (player, moments) => make("ol", { class: "moments" }, ...moments.map((moment) => make("li", {},
    player
      ? make("button", { type: "button", class: "stamp", on: { click: () => review.seek(player, moment.start_s) } },
        `${clock(moment.start_s)} - ${clock(moment.end_s)}`)
      : make("span", { class: "stamp" }, `${clock(moment.start_s)} - ${clock(moment.end_s)}`),
    review.text(moment.text, "Text of a stretch"))));
})();
