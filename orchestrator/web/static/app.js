// Keys, colours, ticks, times, and the beat that live parts of a page are asked for again by.
(() => {
  "use strict";
  const BEAT = 2500;
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const tell = (text) => { $("#told").textContent = text; };

  // ---------------------------------------------------------------- colours

  const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };
  const theme = () => document.documentElement.dataset.theme || "auto";

  function choose(name) {
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    try {
      localStorage.setItem("theme", name);
    } catch {
      // it holds for this page, then
    }
    showTheme();
    document.dispatchEvent(new Event("recolour"));
  }

  function showTheme() {
    const button = $("#theme");
    button.textContent = THEMES[theme()];
    button.setAttribute("aria-label", `Colours: ${theme() === "auto" ? "as the system has them" : theme()}`);
  }

  function nextTheme() {
    const names = Object.keys(THEMES);
    choose(names[(names.indexOf(theme()) + 1) % names.length]);
  }

  // ---------------------------------------------------------------- times

  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

  function ago(moment) {
    const seconds = (moment - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, each]) => -seconds >= each) || ["second", 1];
    return words.format(Math.trunc(seconds / size), unit);
  }

  function showTimes(root) {
    for (const element of $$("time", root)) {
      const moment = new Date(element.dateTime);
      if (Number.isNaN(moment.getTime())) continue;
      element.title = `${moment.toLocaleString()} (${element.dateTime})`;
      const old = Date.now() - moment > 7 * 86400000;
      element.textContent = old ? moment.toISOString().slice(0, 10) : ago(moment);
    }
  }

  // ---------------------------------------------------------------- ticks: kept while the table is replaced

  const ticked = new Set();

  function showTicks() {
    for (const box of $$('input[name="run"]')) box.checked = ticked.has(box.value);
    const button = $("#compare-button");
    if (!button) return;
    const seen = $$('input[name="run"]:checked').length;
    button.disabled = seen < 2;
    $("#ticked").textContent = seen ? `${seen} ticked` : "tick two or more";
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches('input[name="run"]')) {
      if (event.target.checked) ticked.add(event.target.value);
      else ticked.delete(event.target.value);
      showTicks();
    }
  });

  // ---------------------------------------------------------------- rows

  let current = null;
  const rows = () => $$("table.rows tbody tr[data-href]");

  function mark(row) {
    for (const other of $$("tr.current")) other.classList.remove("current");
    current = row ? row.dataset.href : null;
    if (!row) return;
    row.classList.add("current");
    row.scrollIntoView({ block: "nearest" });
    const link = $("th[scope=row] a", row);
    if (link) link.focus({ preventScroll: true });
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((row) => row.dataset.href === current);
    mark(all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + by))]);
  }

  const row = () => rows().find((one) => one.dataset.href === current);

  document.addEventListener("click", (event) => {
    const found = event.target.closest("tr[data-href]");
    if (!found || event.target.closest("a, button, input, label, summary") || String(getSelection())) return;
    const box = event.target.closest("td.tick") && $("input", found);
    if (box) box.click();
    else location.assign(found.dataset.href);
  });

  // ---------------------------------------------------------------- keys

  const KEYS = {
    "/": () => { const field = $("#where") || $("#chart-filter"); if (field) { field.focus(); field.select(); } else location.assign("/"); },
    j: () => step(1),
    k: () => step(-1),
    Enter: () => { if (row()) location.assign(row().dataset.href); },
    x: () => { const box = row() && $('input[name="run"]', row()); if (box) box.click(); },
    c: () => { const button = $("#compare-button"); if (button && !button.disabled) button.click(); },
    g: () => location.assign("/"),
    s: () => location.assign("/sweeps"),
    t: nextTheme,
    "?": () => $("#help").showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.matches("input, select")) event.target.blur();
    if (event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
    const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
    const own = event.key === "Enter" && event.target.closest("a, button, summary, input");
    if (typing || own || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // ---------------------------------------------------------------- what htmx brings

  let focused = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const active = document.activeElement;
    focused = active && event.detail.target.contains(active) && active.closest("tr[data-href]") ? current : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    arrived(document);
    const found = focused && row();
    if (found) mark(found);
    else if (row()) row().classList.add("current");
  });
  document.addEventListener("htmx:sendError", () => tell("the page's server does not answer"));

  function arrived(root) {
    showTimes(root);
    showTicks();
    const pre = $("#console[hx-get] pre.console");
    if (pre && stick) pre.scrollTop = pre.scrollHeight;
  }

  // A live console stays at its end, unless somebody has scrolled up to read.
  let stick = true;
  document.addEventListener("scroll", (event) => {
    if (event.target.matches && event.target.matches("pre.console")) {
      stick = event.target.scrollTop + event.target.clientHeight > event.target.scrollHeight - 30;
    }
  }, true);

  setInterval(() => {
    if (!document.hidden) document.body.dispatchEvent(new Event("poll"));
  }, BEAT);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.body.dispatchEvent(new Event("poll"));
  });
  setInterval(() => showTimes(document), 30000);

  // ---------------------------------------------------------------- begin

  document.addEventListener("input", (event) => {
    if (event.target.id !== "chart-filter") return;
    const wanted = event.target.value.toLowerCase();
    for (const chart of $$("figure.chart")) chart.hidden = !chart.dataset.name.toLowerCase().includes(wanted);
  });

  $("#theme").addEventListener("click", nextTheme);
  $("#help-button").addEventListener("click", KEYS["?"]);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("recolour")));
  addEventListener("pageshow", () => {
    for (const box of $$('input[name="run"]:checked')) ticked.add(box.value);
    showTicks();
  });
  showTheme();
  arrived(document);
})();
