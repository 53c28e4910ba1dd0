// The pickable plot: points on a canvas; lasso, box, click and keys send configuration ids.
// Zoom, tool and mode live in the browser, shared by the plots of one group, so they survive reruns.
class Plot {
  constructor(root) {
    this.root = root;
    [this.bar, this.legend, this.box, this.tip, this.slider, this.saves] =
      [".tools", ".legend", ".plot", ".tip", ".split", ".saves"].map((name) => root.querySelector(name));
    [this.base, this.top] = root.querySelectorAll("canvas");
    this.path = this.drag = this.lineDrag = this.lineNow = null; this.key = ""; this.cursor = -1; this.split = 0.5;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box);
    const on = (name, act, options) => this.box.addEventListener(name, act, options);
    on("pointerdown", (e) => this.down(e)); on("pointermove", (e) => this.move(e)); on("pointerup", (e) => this.up(e));
    on("pointercancel", () => this.abort()); on("pointerleave", () => this.showTip(-1));
    on("dblclick", () => this.fitAll()); on("keydown", (e) => this.pressed(e));
    on("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      this.zoom(Math.exp(-e.deltaY / 300), e.offsetX, e.offsetY);
    }, { passive: false });
    this.slider.addEventListener("input", () => { this.split = this.slider.value / 100; this.draw(); });
  }

  set(data, send) {
    this.send = send;
    const other = data.points_key !== this.key;
    if (other) {
      this.x = decode(data.x, Float32Array); this.y = decode(data.y, Float32Array);
      this.ids = decode(data.ids, Int32Array); this.flags = decode(data.flags, Uint8Array);
      this.error = data.error ? decode(data.error, Float32Array) : null;
      this.index = new Map(Array.from(this.ids, (id, i) => [id, i]));
      this.key = data.points_key; this.cursor = -1;
    }
    if (data.colours_key !== this.coloursKey) {
      this.level = decode(data.level, Uint8Array);
      this.before = data.compare ? decode(data.compare.level, Uint8Array) : null;
      this.values = data.hover.map((h) => decode(h.values, Float32Array));
      this.lines = data.lines.map((l) => ({ ...l, ...Object.fromEntries(
        ["x", "y", "low", "high"].filter((k) => l[k]).map((k) => [k, decode(l[k], Float32Array)])) }));
      this.bins = data.bins ? { ...data.bins, ...Object.fromEntries([["x", Float32Array], ["y", Float32Array],
        ["count", Int32Array], ["mean", Float32Array], ["level", Uint8Array]].map(([k, T]) => [k, decode(data.bins[k], T)])) } : null;
      this.ground = data.ground ? { ...data.ground, f: Float32Array.from(decode(data.ground.level, Uint8Array), (v) => (v === 255 ? NaN : v / 254)),
        values: decode(data.ground.values, Float32Array), wall: data.ground.wall && decode(data.ground.wall, Float32Array) } : null;
      this.coloursKey = data.colours_key; this.sprites = new Map();
    }
    if (data.selected !== this.data?.selected) this.cursor = -1;
    if (JSON.stringify(data.line) !== JSON.stringify(this.data?.line)) this.lineNow = null;
    // Other points, or curves that reach further: show them all, unless somebody has zoomed in this view.
    const further = JSON.stringify(data.extent) !== JSON.stringify(this.data?.extent);
    const turned = `${data.group}|${data.view}` !== this.view, refit = turned || ((other || further) && !this.held);
    if (turned) this.held = false;
    // A pick changes only what lies over the points, so they need not be painted again.
    const same = ["key", "group", "height", "mark_colour", "accent"].every((k) => data[k] === this.data?.[k]);
    this.data = data; this.view = `${data.group}|${data.view}`;
    this.xAxis = new Axis(0); this.yAxis = new Axis(data.y_linear);
    this.basket = new Set(data.basket); this.marked = new Set(data.marked);
    this.proposed = new Map(data.proposed.map((id, i) => [id, i + 1]));
    this.shared = ((window.nciPlotGroups ??= {})[data.group] ??= { mode: data.modes[0] });
    const tools = [...(data.line ? ["line"] : data.pick ? ["lasso", "box"] : []), "pan"];
    if (!tools.includes(this.shared.tool)) this.shared.tool = tools[0];
    this.box.style.height = data.room ? `max(${data.height}px, 100vh - ${data.room}px)` : `${data.height}px`;
    this.shaped();
    this.slider.parentElement.hidden = !this.before;
    this.buttons(); this.drawLegend();
    if (same && this.fits()) { this.tellState(); this.drawTop(); } else this.resize(refit);
  }

  // A mount without a plot: the tools of its group.
  setBar(data) {
    this.data = data;
    this.shared = ((window.nciPlotGroups ??= {})[data.group] ??= { mode: data.modes[0], tool: "lasso" });
    this.shared.tool ??= "lasso";
    this.box.hidden = this.slider.parentElement.hidden = this.saves.hidden = true;
    this.buttons();
  }

  get tool() { return this.shared.tool; }

  buttons() {
    const d = this.data, wanted = JSON.stringify([d.pick, !d.line, this.tool, this.shared.mode, d.note, d.tools, d.modes]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.bar.replaceChildren(); this.bar.hidden = !d.tools;
    const button = (text, label, act) => {
      const b = document.createElement("button");
      // A spoken name holds the visible text, so that a voice command can say what is seen.
      b.type = "button"; b.textContent = text; b.title = label; b.setAttribute("aria-label", /\w/.test(text) ? `${text}: ${label}` : label);
      b.onclick = act;
      return b;
    };
    const group = (extra, label, role) => {
      const e = document.createElement("div");
      e.className = `group ${extra}`; e.setAttribute("aria-label", label); e.setAttribute("role", role); this.bar.append(e);
      return e;
    };
    const radio = (label, options, field) => {
      const e = group("", label, "radiogroup");
      for (const [value, text, hint] of options) {
        const b = button(text, hint, () => { this.shared[field] = value; this.tell("nci-tool"); });
        b.setAttribute("role", "radio"); b.setAttribute("aria-label", text); b.dataset[field] = value; b.setAttribute("aria-checked", String(this.shared[field] === value));
        e.append(b);
      }
    };
    const pan = ["pan", "Move", "Move the view (key M)"];
    if (d.line) radio("Tool", [["line", "Line", "Draw the line, or move its ends (key L)"], pan], "tool");
    else if (d.pick) {
      radio("Tool", [["lasso", "Lasso", "Draw round points (key L)"], ["box", "Box", "Draw a box (key B)"], pan], "tool");
      const hints = { add: "Drawing adds points (key A)", remove: "Drawing takes points out (key R)", replace: "Drawing starts anew (key P)" };
      radio(d.mode_label, d.modes.map((m) => [m, m[0].toUpperCase() + m.slice(1), hints[m]]), "mode");
    }
    if (d.note) {
      const note = document.createElement("div");
      note.className = "note"; note.textContent = d.note; this.bar.append(note);
    }
    const end = group("end", "View", "group");
    const acts = (rows) => rows.map(([text, label, name]) =>
      button(text, label, () => (d.bar_only ? this.tell("nci-command", name) : this.command(name))));
    const saves = acts([["PNG", "Save as a picture", "picture"], ["SVG", "Save as a vector drawing", "drawing"], ["CSV", "Save the points as a table", "table"]]);
    end.append(...acts([["+", "Zoom in (key +)", "in"], ["−", "Zoom out (key −)", "out"], ["Fit", "Show all points (key 0)", "fit"]]));
    // Below a plot of its own there is room; a bar for several plots has it in the bar.
    if (d.bar_only) end.append(...saves); else { this.saves.replaceChildren(...saves); this.saves.hidden = !d.tools; }
    end.append(this.keysButton(button("?", "Keys of the plot (key ?)", () => {})));
    this.cursorShape();
  }

  command(name) {
    ({ in: () => this.zoom(1.5), out: () => this.zoom(1 / 1.5), fit: () => this.fitAll(), picture: () => this.savePicture(), drawing: () => this.saveDrawing(),
      table: () => this.saveTable() })[name]();
  }

  cursorShape() { this.box.style.cursor = this.tool === "pan" ? "grab" : "crosshair"; }

  drawLegend() {
    this.root.style.setProperty("--nci-accent", this.data.accent);
    this.root.style.setProperty("--nci-mark", this.data.mark_colour);
    this.root.style.setProperty("--nci-proposal", this.data.proposal_colour);
    this.legend.replaceChildren(...this.data.legend.map(([mark, text, colour]) => {
      const span = document.createElement("span"), i = document.createElement("i");
      i.className = mark; if (colour) i.style.background = colour;
      span.append(i, text);
      return span;
    }));
  }

  // Panels beside another one have no axis title, nor numbers, of their own.
  get left() { return this.data.y_label ? LEFT : EDGE; }

  frame(w = this.w) { return { right: w - (this.data.bar ? BAR : EDGE), bottom: this.h - BOTTOM }; }

  // A panel of a given shape is as high as its width asks, as far as the window has room.
  shaped() {
    const d = this.data;
    if (!d.shape || !this.box.clientWidth) return;
    const wide = this.common(this.frame(this.box.clientWidth).right - this.left), most = Math.max(d.height, window.innerHeight - d.room);
    this.box.style.height = `${Math.round(Math.min(most, Math.max(LEAST, wide * d.shape + TOP + BOTTOM)))}px`;
  }

  resize(refit = false) {
    if (!this.data) return;
    this.shaped();
    const w = this.box.clientWidth, h = this.box.clientHeight;
    if (!w || !h) return;
    const changed = w !== this.w || h !== this.h;
    this.w = w; this.h = h; this.ratio = window.devicePixelRatio || 1;
    for (const c of [this.base, this.top]) {
      c.width = w * this.ratio; c.height = h * this.ratio; c.style.width = `${w}px`; c.style.height = `${h}px`;
    }
    if (refit || changed || !this.sx) this.fit();
    this.draw();
  }

  // Whether the canvas has the size of its box.
  fits() { return this.w > 0 && this.w === this.box.clientWidth && this.h === this.box.clientHeight && this.ratio === (window.devicePixelRatio || 1); }

  fit() {
    const d = this.data, e = d.extent ?? [Infinity, -Infinity, Infinity, -Infinity];
    let [x0, x1, y0, y1] = [e[0], e[1], this.yAxis.warp(e[2]), this.yAxis.warp(e[3])];
    const grow = (x, y) => { x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y); };
    if (!d.extent) {
      for (let i = 0; i < this.ids.length; i++) grow(this.x[i], this.yAxis.warp(this.y[i]));
      for (const [x, y] of d.host?.atoms ?? []) grow(x, y);
    }
    if (!isFinite(x0)) { x0 = y0 = 0; x1 = y1 = 5; }
    const { right, bottom } = this.frame(), own = right - this.left, pw = this.common(own), ph = bottom - TOP;
    let padX = 0.04 * (x1 - x0 || 1), padY = 0.06 * (y1 - y0 || 1);
    if (d.equal) { // room for a mark round a point at the edge; a field ends where the plot does
      const rim = d.ground ? 0 : RIM, s = Math.min((pw - 2 * rim) / (x1 - x0 || 1), (ph - 2 * rim) / (y1 - y0 || 1));
      padX = padY = rim / s; this.sx = this.sy = s;
    } else { this.sx = pw / (x1 - x0 + 2 * padX); this.sy = ph / (y1 - y0 + 2 * padY); }
    this.cx = d.equal && !d.compare && !d.ground ? x0 - padX + own / this.sx / 2 : (x0 + x1) / 2;
    this.cy = (y0 + y1) / 2; this.held = false;
    this.showLinked();
  }

  // Panels side by side have one scale: that of the narrowest, which gives room to the colour bar.
  common(own) {
    if (!this.data.link_view) return own;
    const widths = (this.shared.widths ??= new Map()), least = Math.min(...widths.values());
    for (const box of widths.keys()) if (!box.isConnected) widths.delete(box);
    widths.set(this.box, own);
    const now = Math.min(...widths.values());
    if (now !== least && widths.size > 1) { clearTimeout(this.shared.later); this.shared.later = setTimeout(() => this.tell("nci-fit")); }
    return now;
  }

  fitAll() { this.forgetLink(); this.fit(); this.viewChanged(); this.held = false; this.tellZoom(); }

  middle() { const { right, bottom } = this.frame(); return [(this.left + right) / 2, (TOP + bottom) / 2]; }
  px(x) { return this.middle()[0] + (x - this.cx) * this.sx; }
  py(y) { return this.middle()[1] - (this.yAxis.warp(y) - this.cy) * this.sy; }
  ux(p) { return (p - this.middle()[0]) / this.sx + this.cx; }
  uy(p) { return -(p - this.middle()[1]) / this.sy + this.cy; }

  zoom(factor, px = this.middle()[0], py = this.middle()[1]) {
    const x = this.ux(px), y = this.uy(py);
    this.sx *= factor; this.sy *= factor; this.cx += x - this.ux(px); this.cy += y - this.uy(py);
    this.viewChanged();
  }

  viewChanged() {
    this.forgetLink(); this.held = true; this.draw();
    if (this.data.link_view && !this.quiet) {
      Object.assign(this.shared, { at: [this.ux(this.left), this.cy, this.sx, this.sy], view: this.view }); this.tell("nci-view");
    }
    this.tellRange();
  }

  tell(name, what) { document.dispatchEvent(new CustomEvent(name, { detail: { group: this.data.group, from: this, what } })); }

  heard(name, detail) {
    if (!this.data || detail.group !== this.data.group) return;
    if (name === "nci-tool") { this.buttons(); this.cursorShape(); }
    else if (this.data.bar_only) return;
    else if (name === "nci-fit") { if (!this.held) { this.shaped(); this.resize(true); } }
    else if (name === "nci-command") { this.quiet = true; this.command(detail.what); this.quiet = false; }
    else if (detail.from !== this && this.data.link_view && this.shared.view === this.view && this.shared.at) {
      const [left, cy, sx, sy] = this.shared.at;
      Object.assign(this, { cy, sx, sy, cx: left + (this.frame().right - this.left) / sx / 2, held: true }); this.draw();
    }
  }

  css(name, fallback) { return getComputedStyle(this.root).getPropertyValue(name).trim() || fallback; }

  draw() {
    if (!this.data || !this.w) return;
    const g = this.base.getContext("2d"), ink = this.css("--st-text-color", "#222");
    if (this.ink !== ink) { this.sprites = new Map(); this.ink = ink; }
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.w, this.h);
    paintBase(this, g);
    this.tellState();
    this.drawTop();
  }

  // For whoever looks at the page from outside: where things are, how many points and squares, how many are marked.
  tellState() {
    this.box.dataset.plot = JSON.stringify({ sx: this.sx, sy: this.sy, x0: this.px(0), y0: this.py(0), n: this.ids.length,
      bins: this.bins?.x.length ?? 0, marked: this.data.total, line: this.data.line?.ends });
    this.tellZoom();
  }

  drawTop() {
    const g = this.top.getContext("2d");
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.w, this.h);
    paintTop(this, g);
  }

  nearest(x, y) {
    let best = -1, least = HIT * HIT;
    for (let i = 0; i < this.ids.length; i++) {
      const a = this.px(this.x[i]) - x, b = this.py(this.y[i]) - y, s = a * a + b * b;
      if (s < least) { least = s; best = i; }
    }
    return best;
  }

  place(e) { const r = this.box.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; }

  down(e) {
    if (e.button !== 0) return;
    const [x, y] = this.place(e);
    this.drag = { x, y, cx: this.cx, cy: this.cy, moved: false };
    this.box.setPointerCapture(e.pointerId);
    if (this.tool === "line") this.lineDown(x, y);
    else if (this.tool !== "pan") this.path = [[x, y]];
    this.showTip(-1);
  }

  move(e) {
    const [x, y] = this.place(e), d = this.drag;
    if (!d) { this.showWhat(x, y); return; }
    if (Math.hypot(x - d.x, y - d.y) > 4) d.moved = true;
    if (!d.moved) return;
    if (this.tool === "pan") {
      this.cx = d.cx - (x - d.x) / this.sx; this.cy = d.cy + (y - d.y) / this.sy;
      this.frameAsked ??= requestAnimationFrame(() => { this.frameAsked = null; this.viewChanged(); });
    } else if (this.lineDrag) this.lineMove(x, y, e.shiftKey);
    else if (this.tool === "box") { this.path = [[d.x, d.y], [x, d.y], [x, y], [d.x, y]]; this.drawTop(); }
    else { this.path.push([x, y]); this.drawTop(); }
  }

  // The tooltip of what lies under the pointer.
  showWhat(x, y) {
    const i = this.bins ? -1 : this.nearest(x, y);
    if (this.tool === "line") this.box.style.cursor = this.grip(x, y) < 0 ? "crosshair" : "move";
    if (this.bins) this.showBin(x, y); else if (i < 0 && this.ground) this.showGround(x, y); else this.showTip(i, x, y);
  }

  abort() { this.drag = this.path = this.lineDrag = this.lineNow = null; this.cursor = -1; this.drawTop(); }

  up(e) {
    const d = this.drag, path = this.path;
    if (!d) return;
    this.drag = null; this.path = null;
    if (this.lineDrag) this.lineUp(d.moved);
    if (!d.moved) this.bins ? this.zoom(2, d.x, d.y) : this.choose(this.nearest(d.x, d.y), e.shiftKey);
    else if (path && path.length > 2) this.bins ? this.pickInside(path) : this.pick(this.inside(path));
    this.drawTop();
  }
}
