// The Overview: a slider over rounds changes map, number and mark at once in the browser; no rerun of the page.
class Plot {
  constructor(root) {
    this.root = root; this.frame = -1;
    [this.box, this.canvas, this.tip, this.controls, this.play, this.slider, this.said, this.saves] =
      [".picture", "canvas", ".tip", ".rounds", ".play", "input", ".said", ".saves"].map((name) => root.querySelector(name));
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box); this.observer.observe(document.body);
    this.slider.addEventListener("input", () => { this.stop(); this.show(Number(this.slider.value)); });
    this.play.addEventListener("click", () => (this.timer ? this.stop() : this.start()));
    this.box.addEventListener("pointermove", (e) => this.pointed(e));
    this.box.addEventListener("pointerleave", () => { this.tip.style.display = "none"; });
    this.box.addEventListener("click", (e) => { const i = this.onCurve(e); if (i >= 0) { this.stop(); this.show(i); } });
    for (const button of root.querySelectorAll("[data-save]")) button.addEventListener("click", () => this.save(button.dataset.save));
  }

  css(name, otherwise) { return getComputedStyle(this.root).getPropertyValue(name).trim() || otherwise; }
  fraction(value) {
    const { limit, linear } = this.data.scale;
    return 0.5 + 0.5 * Math.max(-1, Math.min(1, Math.asinh(value / linear) / Math.asinh(limit / linear)));
  }

  set(data) {
    const before = this.data; this.data = data;
    if (data.key !== before?.key) {
      if (data.maps) this.wall = decode(data.maps.wall, Float32Array);
      for (const map of [...data.fixed, ...data.frames]) {
        if (!map.packed) continue;
        map.values = decode(map.packed, Float32Array); map.fractions = map.values.map((v) => this.fraction(v));
      }
      this.lut = colourTable(data.scale.stops);
      if (data.course !== before?.course || this.frame >= data.frames.length) this.frame = before ? data.start : this.linked(data) ?? data.start;
    } else { this.data.fixed = before.fixed; this.data.frames = before.frames; }
    const several = data.frames.length > 1;
    this.slider.max = data.frames.length - 1; this.slider.value = this.frame; this.controls.hidden = !several;
    this.resize(true); this.tell();
  }

  // The round that a shared link shows.
  linked(data) {
    const asked = new URLSearchParams(window.location.search).get("frame"), n = Number(asked);
    return asked && Number.isInteger(n) && n >= 0 && n < data.frames.length ? n : null;
  }

  // As high as the window allows, whatever stands above and below.
  resize(paint) {
    const page = this.root.closest("[data-testid=stMain]"), block = this.root.closest("[data-testid=stMainBlockContainer]");
    if (!page || !block || !this.data) return;
    this.observer.observe(block);  // what stands below may come after the picture
    const mine = this.root.getBoundingClientRect(), rest = block.getBoundingClientRect().bottom - mine.bottom;
    const h = Math.max(this.data.least, Math.floor(page.clientHeight - (mine.top - page.getBoundingClientRect().top + page.scrollTop) - Math.max(0, rest)) - 2);
    const w = this.box.clientWidth, ratio = window.devicePixelRatio || 1;
    if (!w || (!paint && w === this.w && h === this.h && ratio === this.ratio)) return;
    Object.assign(this, { w, h, ratio });
    this.box.style.height = `${h}px`;
    this.canvas.width = w * ratio; this.canvas.height = h * ratio; this.canvas.style.height = `${h}px`;
    this.draw();
    this.saves.style.top = `${this.at.side.y + 80}px`;  // beside a short heading, where no other words are
    Object.assign(this.controls.style, { left: `${this.at.side.x}px`, top: `${this.at.side.y + 20}px`, width: `${this.at.side.w - 4}px` });
  }

  draw() {
    const g = this.canvas.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0); g.clearRect(0, 0, this.w, this.h);
    paintBase(this, g);
  }

  show(frame) {
    const start = performance.now();
    this.frame = frame; this.slider.value = frame; this.draw(); this.tell();
    this.root.dataset.stepMs = (performance.now() - start).toFixed(1);
  }

  // What is drawn, in words: for readers of screens, and for tests.
  tell() {
    const { fixed, frames } = this.data, now = frames[this.frame], words = (map) => `${map.title}: ${map.number}, ${map.under}`;
    this.canvas.setAttribute("aria-label", [this.data.alt, ...fixed.map(words), ...(now ? [words(now)] : [])].join(". "));
    if (now) { this.slider.setAttribute("aria-valuetext", `${now.round}: ${now.number}`); this.said.textContent = `${now.round}: ${now.number}`; }
    this.root.dataset.frame = this.frame; this.root.dataset.number = now?.number ?? ""; this.root.dataset.maps = this.data.maps ? "1" : "0";
  }

  start() {
    if (this.frame >= this.data.frames.length - 1) this.show(0);
    this.play.textContent = "❚❚"; this.play.setAttribute("aria-label", "Pause");
    this.timer = setInterval(() => {
      if (!this.root.isConnected || this.frame >= this.data.frames.length - 1) this.stop(); else this.show(this.frame + 1);
    }, 900);
  }

  stop() { clearInterval(this.timer); this.timer = null; this.play.textContent = "▶"; this.play.setAttribute("aria-label", "Play"); }

  onCurve(e) {
    if (!this.data.curve || this.data.frames.length < 2) return -1;
    const p = curvePlace(this), { x, y } = this.data.curve;
    return x.findIndex((v, i) => y[i] > 0 && Math.hypot(p.px(v) - e.offsetX, p.py(y[i]) - e.offsetY) < 12);
  }

  pointed(e) {
    const lines = this.atMap(e) ?? this.atCurve(e);
    this.tip.style.display = lines ? "block" : "none"; this.box.style.cursor = this.onCurve(e) >= 0 ? "pointer" : "default";
    if (!lines) return;
    this.tip.innerText = lines.join("\n");
    this.tip.style.left = `${Math.min(e.offsetX + 14, this.w - 190)}px`; this.tip.style.top = `${Math.max(0, e.offsetY - 44)}px`;
  }

  atCurve(e) {
    const i = this.onCurve(e);
    return i < 0 ? null : [this.data.frames[i].round, this.data.frames[i].number, this.data.frames[i].spent];
  }

  atMap(e) {
    const k = this.data.maps ? this.at.panels.findIndex((b) => e.offsetX >= b.x && e.offsetX <= b.x + b.w && e.offsetY >= b.y && e.offsetY <= b.y + b.h) : -1;
    if (k < 0) return null;
    const { half: [a, b], nx, ny } = this.data.maps, box = this.at.panels[k];
    const fx = (e.offsetX - box.x) / box.w, fy = 1 - (e.offsetY - box.y) / box.h, map = shownMaps(this)[k];
    const at = Math.round(fy * (ny - 1)) * nx + Math.round(fx * (nx - 1)), value = map.values[at];
    const place = minus(`(${((2 * fx - 1) * a).toFixed(2)}, ${((2 * fy - 1) * b).toFixed(2)}) Å`).replace(" -", " −");
    return [place, fieldWords(value, this.wall[at], this.data.digits, this.data.scale.unit, true)];
  }

  save(kind) {
    const g = new SvgContext(this.w, this.h), look = { ground: this.css("--st-background-color", "#fff"), ink: this.css("--st-text-color", "#222"), font: this.css("--st-font", "sans-serif") };
    paintBase(this, g);
    savePicture(composePicture([{ x: 0, y: 0, width: this.w, height: this.h, svg: g.toString() }], look), kind, this.data.file);
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".nci-overview");
  (root.plot ??= new Plot(root)).set(component.data);
  return () => { root.plot.stop(); root.plot.observer.disconnect(); };
}
