// Parallel coordinates: an axis for each parameter and result, a line for each run. Drag along an axis to choose.
(() => {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = 260;
  const TOP = 34;
  const BOTTOM = 22;
  const SIDE = 46;
  const LEAST = 110;

  function node(name, attributes, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const short = (text, most = 16) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const brief = (value) => (Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(1) : String(+value.toPrecision(4)));

  class Parallel {
    constructor(box) {
      this.box = box;
      this.data = JSON.parse(box.dataset.parallel);
      this.kept = new Map();
      this.draw();
    }

    y(axis, value) {
      const [low, high, at] = axis.log ? [axis.low, axis.high, value].map(Math.log) : [axis.low, axis.high, value];
      const share = high > low ? (at - low) / (high - low) : 0.5;
      return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
    }

    draw() {
      const { axes, lines } = this.data;
      const width = Math.max(this.box.clientWidth, SIDE * 2 + LEAST * (axes.length - 1));
      this.x = axes.map((_, at) => SIDE + (at * (width - 2 * SIDE)) / (axes.length - 1));
      const svg = node("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, "aria-hidden": "true" });
      const last = axes[axes.length - 1];
      this.paths = lines.map((line, at) => this.line(svg, line, at, last));
      axes.forEach((axis, at) => this.axis(svg, axis, at));
      this.box.replaceChildren(svg);
      this.choose();
    }

    line(svg, line, at, last) {
      let path = "";
      let pen = "M";
      this.data.axes.forEach((axis, place) => {
        const value = axis.values[at];
        if (value === null) {
          pen = "M";
          return;
        }
        path += `${pen}${this.x[place].toFixed(1)},${this.y(axis, value).toFixed(1)}`;
        pen = "L";
      });
      const value = last.values[at];
      const share = value === null || last.high <= last.low ? 0.5 : (value - last.low) / (last.high - last.low);
      const few = this.data.lines.length <= 10;
      const kind = few ? `curve-${at}` : `heat-${Math.min(9, Math.floor(share * 10))}`;
      const made = node("path", { d: path || "M0,0", class: `line ${kind}` });
      made.append(node("title", {}, line.label));
      made.addEventListener("click", () => location.assign(line.address));
      svg.append(made);
      return made;
    }

    axis(svg, axis, at) {
      const x = this.x[at];
      const group = node("g", { class: "axis" });
      const name = node("text", { x, y: 14, class: "name" }, short(axis.name));
      name.append(node("title", {}, axis.name));
      group.append(name, node("line", { x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }));
      if (axis.texts) {
        const each = Math.ceil(axis.texts.length / 10);
        axis.texts.forEach((text, place) => {
          if (place % each === 0) group.append(node("text", { x: x + 5, y: this.y(axis, place) + 4, class: "place" }, short(text, 12)));
        });
      } else {
        group.append(node("text", { x, y: HEIGHT - 6, class: "end" }, brief(axis.low) + (axis.log ? " (log)" : "")));
        group.append(node("text", { x, y: TOP - 6, class: "end" }, brief(axis.high)));
      }
      const brush = node("rect", { x: x - 8, width: 16, y: 0, height: 0, class: "brush" });
      const handle = node("rect", { x: x - 14, width: 28, y: TOP - 4, height: HEIGHT - TOP - BOTTOM + 8, class: "handle" });
      group.append(brush, handle);
      svg.append(group);
      this.drag(handle, brush, axis, at);
    }

    drag(handle, brush, axis, at) {
      let from = null;
      const place = (event) => Math.max(TOP - 4, Math.min(HEIGHT - BOTTOM + 4, event.clientY - handle.ownerSVGElement.getBoundingClientRect().top));
      const show = (low, high) => {
        brush.setAttribute("y", low);
        brush.setAttribute("height", Math.max(0, high - low));
      };
      handle.addEventListener("pointerdown", (event) => {
        handle.setPointerCapture(event.pointerId);
        from = place(event);
      });
      handle.addEventListener("pointermove", (event) => {
        if (from === null) return;
        const [low, high] = [from, place(event)].sort((a, b) => a - b);
        show(low, high);
        this.kept.set(at, [low, high]);
        this.choose();
      });
      handle.addEventListener("pointerup", (event) => {
        if (from !== null && Math.abs(place(event) - from) < 3) {
          this.kept.delete(at);
          show(0, 0);
          this.choose();
        }
        from = null;
      });
    }

    choose() {
      this.paths.forEach((path, at) => {
        const passes = [...this.kept].every(([place, [low, high]]) => {
          const axis = this.data.axes[place];
          const value = axis.values[at];
          if (value === null) return false;
          const y = this.y(axis, value);
          return y >= low - 0.5 && y <= high + 0.5;
        });
        path.classList.toggle("left-out", !passes);
      });
    }
  }

  let pending = 0;
  const all = new Set();
  const sized = new ResizeObserver(() => {
    cancelAnimationFrame(pending);
    pending = requestAnimationFrame(() => all.forEach((one) => {
      if (one.box.isConnected && one.width !== one.box.clientWidth) {
        one.width = one.box.clientWidth;
        one.draw();
      }
    }));
  });

  function begin() {
    for (const box of document.querySelectorAll("[data-parallel]")) {
      if (box.parallel) continue;
      box.parallel = new Parallel(box);
      box.parallel.width = box.clientWidth;
      all.add(box.parallel);
      sized.observe(box);
    }
  }

  document.addEventListener("htmx:afterSettle", begin);
  begin();
})();
