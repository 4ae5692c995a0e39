// Curves. The server sends as many points as there are pixels; who zooms in is sent the points of that part.
(() => {
  "use strict";
  const HEIGHT = 220;
  const PALETTE = 10;
  const charts = new Set();

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const curve = (at) => colour(`--curve-${at % PALETTE}`);

  function brief(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(3) : String(+value.toPrecision(6));
  }

  function axis(values) {
    return {
      stroke: () => colour("--muted"),
      grid: { stroke: () => colour("--grid"), width: 1 },
      ticks: { stroke: () => colour("--grid"), width: 1, size: 4 },
      font: "11px system-ui, sans-serif",
      size: values ? 58 : 30,
      values: values ? (u, marks) => marks.map((mark) => (mark === null ? "" : brief(mark))) : undefined,
    };
  }

  function options(chart) {
    const logarithmic = chart.logarithmic;
    return {
      width: chart.width(),
      height: HEIGHT,
      scales: { x: { time: false }, y: logarithmic ? { distr: 3, log: 10 } : {} },
      axes: [axis(false), axis(true)],
      cursor: { bind: { dblclick: () => () => chart.zoom(Infinity) }, drag: { x: true, y: false, uni: 8 }, focus: { prox: 24 }, sync: { key: "charts", setSeries: false } },
      focus: { alpha: 0.35 },
      legend: { live: true },
      series: [
        { label: chart.xLabel, value: (u, v) => (v === null ? "–" : String(v)) },
        ...chart.curves.map((one, at) => ({
          label: one.label,
          stroke: () => curve(one.colour ?? at),
          width: 1.5,
          points: one.points ? { show: true, size: 6, width: 0, fill: () => curve(at) } : { show: undefined, size: 4 },
          value: (u, v) => brief(v),
          paths: one.points ? () => null : one.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        })),
      ],
      hooks: { setScale: [(u, key) => { if (key === "x") chart.zoomed(u); }] },
    };
  }

  // A series whose values are no numbers on a logarithmic axis has gaps there.
  function shown(chart, data) {
    if (!chart.logarithmic) return data;
    return [data[0], ...data.slice(1).map((values) => values.map((v) => (v !== null && v <= 0 ? null : v)))];
  }

  class Chart {
    constructor(figure) {
      this.figure = figure;
      this.plot = figure.querySelector(".plot");
      this.logarithmic = false;
      this.whole = null;
      this.timer = 0;
      this.asking = 0;
      if (figure.dataset.chart) {
        this.curves = JSON.parse(figure.dataset.chart);
        this.xLabel = "step";
      } else {
        const given = JSON.parse(figure.dataset.points);
        this.curves = given.series.map((one) => ({ label: one.label, points: one.points, stepped: !one.points }));
        this.xLabel = "trial";
        this.given = [given.steps, ...given.series.map((one) => one.values)];
      }
      for (const button of figure.querySelectorAll("[data-do]")) button.addEventListener("click", () => this.act(button));
    }

    width() {
      return Math.max(200, this.plot.clientWidth);
    }

    async fetch(from, to) {
      if (this.given) return this.given;
      const points = Math.min(4000, Math.round(this.width() * 2 * (devicePixelRatio > 1 ? 1.5 : 1)));
      const tables = await Promise.all(this.curves.map(async (one) => {
        const range = from === undefined ? "" : `&from=${from}&to=${to}`;
        const answer = await fetch(`${one.url}&points=${points}${range}`, { credentials: "same-origin" });
        if (!answer.ok) throw new Error(`${answer.status}`);
        const got = await answer.json();
        return [got.steps, got.values];
      }));
      return tables.length === 1 ? tables[0] : uPlot.join(tables);
    }

    async show() {
      const mine = ++this.asking;
      try {
        const data = await this.fetch();
        if (mine !== this.asking) return;
        this.whole = data;
        this.make(data);
      } catch (error) {
        this.failed(error);
      }
    }

    make(data) {
      if (this.drawn) this.drawn.destroy();
      this.quiet = true;
      this.drawn = new uPlot(options(this), shown(this, data), this.plot);
      this.data = data;
      queueMicrotask(() => { this.quiet = false; });
      this.plot.dataset.points = String(data[0].length);
    }

    failed(error) {
      const words = document.createElement("p");
      words.className = "muted";
      words.textContent = `these points could not be had (${error.message})`;
      this.plot.replaceChildren(words);
    }

    // The range has changed: after a while of rest its points are asked for.
    zoomed(u) {
      if (this.quiet || this.given || !this.whole) return;
      clearTimeout(this.timer);
      const { min, max } = u.scales.x;
      if (min === null || max === null) return;
      this.timer = setTimeout(() => this.refine(Math.floor(min), Math.ceil(max)), 120);
    }

    async refine(from, to) {
      const steps = this.whole[0];
      const isWhole = from <= steps[0] && to >= steps[steps.length - 1];
      const mine = ++this.asking;
      try {
        const data = isWhole ? this.whole : await this.fetch(from, to);
        if (mine !== this.asking) return;
        const { min, max } = this.drawn.scales.x;
        this.quiet = true;
        this.data = data;
        this.drawn.batch(() => {
          this.drawn.setData(shown(this, data), false);
          this.drawn.setScale("x", { min, max });
        });
        queueMicrotask(() => { this.quiet = false; });
        this.plot.dataset.points = String(data[0].length);
      } catch (error) {
        this.failed(error);
      }
    }

    async again() {
      if (!this.drawn || this.given || this.isZoomed()) return;
      const mine = ++this.asking;
      const data = await this.fetch().catch(() => null);
      if (data === null || mine !== this.asking) return;
      this.whole = data;
      this.data = data;
      this.quiet = true;
      this.drawn.setData(shown(this, data));
      queueMicrotask(() => { this.quiet = false; });
    }

    isZoomed() {
      const { min, max } = this.drawn.scales.x;
      const steps = this.whole[0];
      return steps.length > 1 && (min > steps[0] || max < steps[steps.length - 1]);
    }

    act(button) {
      if (!this.drawn) return;
      if (button.dataset.do === "log") {
        this.logarithmic = !this.logarithmic;
        button.setAttribute("aria-pressed", String(this.logarithmic));
        this.make(this.whole);
        return;
      }
      this.zoom({ in: 0.5, out: 2, reset: Infinity }[button.dataset.do]);
    }

    // The range becomes so many times as wide, and never wider than the series.
    zoom(times) {
      const steps = (this.whole || this.drawn.data)[0];
      const [first, last] = [steps[0], steps[steps.length - 1]];
      const { min, max } = this.drawn.scales.x;
      const middle = (min + max) / 2;
      const half = ((max - min) / 2) * times;
      this.drawn.setScale("x", { min: Math.max(first, middle - half), max: Math.min(last, middle + half) });
    }

    resize() {
      if (this.drawn) this.drawn.setSize({ width: this.width(), height: HEIGHT });
    }

    recolour() {
      if (this.drawn) this.make(this.data);
    }
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting || !entry.target.chart) continue;
      seen.unobserve(entry.target);
      entry.target.chart.show();
    }
  }, { rootMargin: "300px" });

  let pending = 0;
  const sized = new ResizeObserver(() => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => charts.forEach((chart) => chart.resize()));
  });

  function begin() {
    for (const chart of charts) if (!chart.figure.isConnected) charts.delete(chart);
    for (const figure of document.querySelectorAll("figure.chart")) {
      if (figure.chart) continue;
      figure.chart = new Chart(figure);
      charts.add(figure.chart);
      seen.observe(figure);
      sized.observe(figure);
    }
  }

  document.addEventListener("recolour", () => charts.forEach((chart) => chart.recolour()));
  document.addEventListener("htmx:afterSettle", begin);
  setInterval(() => {
    if (document.hidden) return;
    for (const chart of charts) if ("live" in chart.figure.dataset) chart.again();
  }, 5000);
  begin();
})();
