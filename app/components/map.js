// The pickable map: points on a canvas; lasso, box and click send configuration ids only.
// Positions stay in the browser's own state, so zoom and tool survive reruns.
const LEFT = 58, BOTTOM = 46, TOP = 8, BAR = 92, HIT = 9;

function decode(text, Type) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Type(bytes.buffer);
}

function mix(stops, t) {
  const p = Math.max(0, Math.min(1, t)) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(p));
  const part = (hex, k) => parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16);
  const c = [0, 1, 2].map((k) => Math.round(part(stops[i], k) + (p - i) * (part(stops[i + 1], k) - part(stops[i], k))));
  return `rgb(${c.join(",")})`;
}

function niceStep(span, target) {
  const raw = span / Math.max(1, target), mag = 10 ** Math.floor(Math.log10(raw));
  return mag * [1, 2, 5, 10].find((m) => m * mag >= raw);
}

class PickMap {
  constructor(root) {
    this.root = root;
    this.bar = root.querySelector(".tools");
    this.legend = root.querySelector(".legend");
    this.box = root.querySelector(".plot");
    this.tip = root.querySelector(".tip");
    [this.base, this.top] = root.querySelectorAll("canvas");
    this.path = null; this.hover = -1; this.drag = null; this.key = ""; this.tool = ""; this.mode = "add";
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.box);
    this.box.addEventListener("pointerdown", (e) => this.down(e));
    this.box.addEventListener("pointermove", (e) => this.move(e));
    this.box.addEventListener("pointerup", (e) => this.up(e));
    this.box.addEventListener("pointercancel", () => this.abort());
    this.box.addEventListener("pointerleave", () => this.showTip(-1));
    this.box.addEventListener("dblclick", () => { this.fit(); this.draw(); });
    this.box.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      this.zoom(Math.exp(-e.deltaY / 300), e.offsetX, e.offsetY);
    }, { passive: false });
    this.box.addEventListener("keydown", (e) => { if (e.key === "Escape") this.abort(); });
  }

  set(data, send) {
    this.send = send;
    const key = data.points_key;
    if (key !== this.key) {
      this.x = decode(data.x, Float32Array); this.y = decode(data.y, Float32Array);
      this.ids = decode(data.ids, Int32Array); this.flags = decode(data.flags, Uint8Array);
      this.index = new Map(Array.from(this.ids, (id, i) => [id, i]));
      this.key = key;
    }
    if (data.colours_key !== this.coloursKey) {
      this.level = decode(data.level, Uint8Array);
      this.values = data.hover.map((h) => decode(h.values, Float32Array));
      this.coloursKey = data.colours_key;
      this.sprites = new Map();
    }
    const view = data.view;
    this.data = data;
    this.basket = new Set(data.basket); this.proposed = new Map(data.proposed.map((id, i) => [id, i + 1]));
    if (!this.tool || (!data.pick && this.tool !== "pan")) this.tool = data.pick ? "lasso" : "pan";
    this.box.style.height = `${data.height}px`;
    this.buttons(); this.drawLegend();
    if (view !== this.view || !this.scale) { this.view = view; this.resize(true); } else this.resize();
  }

  buttons() {
    const d = this.data, groups = [];
    if (d.pick) {
      groups.push(["Tool", [["lasso", "Lasso"], ["box", "Box"], ["pan", "Move"]], "tool"]);
      groups.push(["What a selection does to the basket",
        [["add", "Add"], ["remove", "Remove"], ["replace", "Replace"]], "mode"]);
    }
    const wanted = JSON.stringify([d.pick, this.tool, this.mode, d.note]);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    this.bar.replaceChildren();
    for (const [label, options, field] of groups) {
      const group = document.createElement("div");
      group.className = "group"; group.setAttribute("role", "radiogroup"); group.setAttribute("aria-label", label);
      for (const [value, text] of options) {
        const b = document.createElement("button");
        b.type = "button"; b.textContent = text; b.setAttribute("role", "radio"); b.dataset[field] = value;
        b.setAttribute("aria-checked", String(this[field] === value));
        b.onclick = () => { this[field] = value; this.buttons(); this.cursor(); };
        group.append(b);
      }
      this.bar.append(group);
    }
    if (d.note) {
      const note = document.createElement("div");
      note.className = "note"; note.textContent = d.note; this.bar.append(note);
    }
    const zoom = document.createElement("div");
    zoom.className = "group end";
    for (const [text, label, act] of [["+", "Zoom in", () => this.zoom(1.5)], ["−", "Zoom out", () => this.zoom(1 / 1.5)],
      ["Fit", "Show all points", () => { this.fit(); this.draw(); }], ["PNG", "Save this map as a picture", () => this.save()]]) {
      const b = document.createElement("button");
      b.type = "button"; b.textContent = text; b.title = label; b.setAttribute("aria-label", label); b.onclick = act;
      zoom.append(b);
    }
    this.bar.append(zoom);
    this.cursor();
  }

  cursor() { this.box.style.cursor = this.tool === "pan" ? "grab" : "crosshair"; }

  drawLegend() {
    const items = this.data.legend;
    this.root.style.setProperty("--nci-accent", this.data.accent);
    this.root.style.setProperty("--nci-proposal", this.data.proposal_colour);
    this.legend.innerHTML = "";
    for (const [mark, text] of items) {
      const span = document.createElement("span"), i = document.createElement("i");
      i.className = mark; span.append(i, text); this.legend.append(span);
    }
  }

  resize(refit = false) {
    if (!this.data) return;
    const w = this.box.clientWidth, h = this.box.clientHeight;
    if (!w || !h) return;
    const changed = w !== this.w || h !== this.h;
    this.w = w; this.h = h; this.ratio = window.devicePixelRatio || 1;
    for (const c of [this.base, this.top]) {
      c.width = w * this.ratio; c.height = h * this.ratio; c.style.width = `${w}px`; c.style.height = `${h}px`;
    }
    if (refit || changed || !this.scale) this.fit();
    this.draw();
  }

  fit() {
    let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
    const grow = (x, y) => { x0 = Math.min(x0, x); x1 = Math.max(x1, x); y0 = Math.min(y0, y); y1 = Math.max(y1, y); };
    for (let i = 0; i < this.ids.length; i++) grow(this.x[i], this.y[i]);
    for (const [x, y] of this.data.host.atoms) grow(x, y);
    if (!isFinite(x0)) { x0 = y0 = 0; x1 = y1 = 5; }
    const pw = this.w - LEFT - BAR, ph = this.h - TOP - BOTTOM, pad = 0.35;
    this.scale = Math.min(pw / (x1 - x0 + 2 * pad), ph / (y1 - y0 + 2 * pad));
    this.cx = x0 - pad + pw / this.scale / 2;
    this.cy = (y0 + y1) / 2;
  }

  px(x) { return LEFT + (this.w - LEFT - BAR) / 2 + (x - this.cx) * this.scale; }
  py(y) { return TOP + (this.h - TOP - BOTTOM) / 2 - (y - this.cy) * this.scale; }
  ux(p) { return (p - LEFT - (this.w - LEFT - BAR) / 2) / this.scale + this.cx; }
  uy(p) { return -(p - TOP - (this.h - TOP - BOTTOM) / 2) / this.scale + this.cy; }

  zoom(factor, px = LEFT + (this.w - LEFT - BAR) / 2, py = TOP + (this.h - TOP - BOTTOM) / 2) {
    const x = this.ux(px), y = this.uy(py);
    this.scale *= factor;
    this.cx += x - this.ux(px); this.cy += y - this.uy(py);
    this.draw();
  }

  css(name, fallback) { return getComputedStyle(this.root).getPropertyValue(name).trim() || fallback; }

  sprite(level, kind) {
    const key = level * 8 + kind;
    if (this.sprites.has(key)) return this.sprites.get(key);
    const size = 18, c = document.createElement("canvas"), r = this.ratio;
    c.width = c.height = size * r;
    const g = c.getContext("2d"), text = this.css("--st-text-color", "#222");
    g.scale(r, r); g.translate(size / 2, size / 2);
    g.fillStyle = level === 255 ? "rgba(128,140,150,0.45)" : mix(this.data.scale, level / 254);
    g.strokeStyle = text; g.lineWidth = 1.2;
    g.beginPath();
    if (kind & 2) { g.moveTo(0, -5.6); g.lineTo(5.6, 0); g.lineTo(0, 5.6); g.lineTo(-5.6, 0); g.closePath(); }
    else g.arc(0, 0, kind & 1 ? 4.8 : 3.4, 0, 7);
    g.fill();
    if (kind & 1) g.stroke();
    this.sprites.set(key, c);
    return c;
  }

  draw() {
    if (!this.data || !this.w) return;
    const g = this.base.getContext("2d"), d = this.data, font = this.css("--st-font", "sans-serif");
    const text = this.css("--st-text-color", "#222"), line = this.css("--st-border-color", "#ccc");
    const right = this.w - BAR, bottom = this.h - BOTTOM;
    if (this.themeText !== text) { this.sprites = new Map(); this.themeText = text; }
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.w, this.h);
    g.font = `12px ${font}`; g.lineWidth = 1;
    const ticks = (a, b, n) => {
      const s = niceStep(b - a, n), found = [];
      for (let v = Math.ceil(a / s) * s; v <= b + 1e-9; v += s) found.push([v, v.toFixed(s < 1 ? (s < 0.1 ? 2 : 1) : 0)]);
      return found;
    };
    g.strokeStyle = line; g.fillStyle = text; g.textAlign = "center"; g.textBaseline = "top";
    for (const [v, t] of ticks(this.ux(LEFT), this.ux(right), 7)) {
      const p = this.px(v); g.beginPath(); g.moveTo(p, TOP); g.lineTo(p, bottom); g.stroke();
      g.fillText(t.replace("-", "−"), p, bottom + 6);
    }
    g.textAlign = "right"; g.textBaseline = "middle";
    for (const [v, t] of ticks(this.uy(bottom), this.uy(TOP), 6)) {
      const p = this.py(v); g.beginPath(); g.moveTo(LEFT, p); g.lineTo(right, p); g.stroke();
      g.fillText(t.replace("-", "−"), LEFT - 7, p);
    }
    g.textAlign = "center"; g.font = `13px ${font}`;
    g.fillText(d.x_label, (LEFT + right) / 2, this.h - 12);
    g.save(); g.translate(13, (TOP + bottom) / 2); g.rotate(-Math.PI / 2); g.fillText(d.y_label, 0, 0); g.restore();
    g.save(); g.beginPath(); g.rect(LEFT, TOP, right - LEFT, bottom - TOP); g.clip();
    this.drawHost(g, text, font);
    for (let i = 0; i < this.ids.length; i++) {
      const p = this.px(this.x[i]), q = this.py(this.y[i]);
      if (p < LEFT - 9 || p > right + 9 || q < TOP - 9 || q > bottom + 9) continue;
      g.drawImage(this.sprite(this.level[i], this.flags[i] & 3), p - 9, q - 9, 18, 18);
    }
    g.restore();
    this.drawBar(g, text, font);
    if (!this.ids.length) { g.textAlign = "center"; g.fillText("No configuration passes these filters.", (LEFT + right) / 2, this.h / 2); }
    this.box.dataset.plot = JSON.stringify({ scale: this.scale, x0: this.px(0), y0: this.py(0), n: this.ids.length });
    this.drawTop();
  }

  drawHost(g, text, font) {
    const { atoms, symbols, bonds } = this.data.host;
    g.save(); g.globalAlpha = 0.55; g.strokeStyle = text; g.lineWidth = 2;
    for (const [i, j] of bonds) {
      g.beginPath(); g.moveTo(this.px(atoms[i][0]), this.py(atoms[i][1])); g.lineTo(this.px(atoms[j][0]), this.py(atoms[j][1])); g.stroke();
    }
    g.font = `600 13px ${font}`; g.textAlign = "center"; g.textBaseline = "middle";
    const seen = new Set();
    atoms.forEach(([x, y], i) => {
      const p = this.px(x), q = this.py(y), place = `${Math.round(p / 4)},${Math.round(q / 4)}`;
      if (seen.has(place)) return;
      seen.add(place);
      g.globalAlpha = 0.9; g.fillStyle = this.css("--st-secondary-background-color", "#eee");
      g.beginPath(); g.arc(p, q, 9, 0, 7); g.fill();
      g.globalAlpha = 0.8; g.lineWidth = 1; g.stroke(); g.fillStyle = text; g.fillText(symbols[i], p, q + 0.5);
    });
    g.restore();
  }

  drawBar(g, text, font) {
    const bar = this.data.bar;
    if (!bar) return;
    const x = this.w - BAR + 14, y0 = TOP + 22, h = Math.min(260, this.h - BOTTOM - y0 - 8);
    const grad = g.createLinearGradient(0, y0 + h, 0, y0);
    this.data.scale.forEach((c, i, all) => grad.addColorStop(i / (all.length - 1), c));
    g.fillStyle = grad; g.fillRect(x, y0, 12, h);
    g.fillStyle = text; g.textAlign = "left"; g.textBaseline = "middle"; g.font = `12px ${font}`;
    g.fillText(bar.title, x, TOP + 8);
    for (const [t, label] of bar.ticks) g.fillText(label, x + 17, y0 + h * (1 - t));
  }

  drawTop() {
    const g = this.top.getContext("2d"), d = this.data, accent = d.accent;
    g.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    g.clearRect(0, 0, this.w, this.h);
    g.save(); g.beginPath(); g.rect(LEFT, TOP, this.w - BAR - LEFT, this.h - BOTTOM - TOP); g.clip();
    const at = (id) => { const i = this.index.get(id); return i === undefined ? null : [this.px(this.x[i]), this.py(this.y[i])]; };
    g.strokeStyle = d.proposal_colour; g.lineWidth = 1.8;
    for (const id of this.proposed.keys()) {
      const p = at(id);
      if (!p || this.basket.has(id)) continue;
      g.beginPath(); g.moveTo(p[0], p[1] - 9); g.lineTo(p[0] + 8, p[1] + 6); g.lineTo(p[0] - 8, p[1] + 6); g.closePath(); g.stroke();
    }
    g.strokeStyle = accent; g.lineWidth = 2.6;
    for (const id of this.basket) {
      const p = at(id);
      if (p) { g.beginPath(); g.arc(p[0], p[1], 7.5, 0, 7); g.stroke(); }
    }
    const chosen = d.selected == null ? null : at(d.selected);
    if (chosen) {
      g.strokeStyle = this.css("--st-text-color", "#222"); g.lineWidth = 2;
      g.beginPath(); g.arc(chosen[0], chosen[1], 11, 0, 7); g.stroke();
      g.beginPath(); for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { g.moveTo(chosen[0] + 8 * a, chosen[1] + 8 * b); g.lineTo(chosen[0] + 15 * a, chosen[1] + 15 * b); } g.stroke();
    }
    if (this.path) {
      g.beginPath(); this.path.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y))); g.closePath();
      g.fillStyle = accent + "22"; g.fill(); g.setLineDash([5, 4]); g.strokeStyle = accent; g.lineWidth = 1.6; g.stroke();
    }
    g.restore();
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
    if (this.tool !== "pan") this.path = [[x, y]];
    this.showTip(-1);
  }

  move(e) {
    const [x, y] = this.place(e);
    if (!this.drag) { this.showTip(this.nearest(x, y), x, y); return; }
    const d = this.drag;
    if (Math.hypot(x - d.x, y - d.y) > 4) d.moved = true;
    if (!d.moved) return;
    if (this.tool === "pan") {
      this.cx = d.cx - (x - d.x) / this.scale; this.cy = d.cy + (y - d.y) / this.scale;
      requestAnimationFrame(() => this.draw());
    } else if (this.tool === "box") {
      this.path = [[d.x, d.y], [x, d.y], [x, y], [d.x, y]]; this.drawTop();
    } else { this.path.push([x, y]); this.drawTop(); }
  }

  abort() { this.drag = null; this.path = null; this.drawTop(); }

  up(e) {
    const d = this.drag, path = this.path;
    if (!d) return;
    this.drag = null; this.path = null;
    const [x, y] = this.place(e);
    if (!d.moved) {
      const i = this.nearest(x, y);
      if (i >= 0) this.send("clicked", { id: this.ids[i], mode: this.mode, at: Date.now() });
    } else if (path && path.length > 2) {
      const ids = this.inside(path);
      if (ids.length) this.send("picked", { ids, mode: this.mode, at: Date.now() });
    }
    this.drawTop();
  }

  inside(path) {
    const ids = [], n = path.length;
    for (let i = 0; i < this.ids.length; i++) {
      const x = this.px(this.x[i]), y = this.py(this.y[i]);
      let odd = false;
      for (let a = 0, b = n - 1; a < n; b = a++) {
        const [xa, ya] = path[a], [xb, yb] = path[b];
        if ((ya > y) !== (yb > y) && x < ((xb - xa) * (y - ya)) / (yb - ya) + xa) odd = !odd;
      }
      if (odd) ids.push(this.ids[i]);
    }
    return ids;
  }

  showTip(i, x, y) {
    if (i < 0 || !this.data) { this.tip.style.display = "none"; return; }
    const lines = [`Configuration ${this.ids[i]}`], flags = this.flags[i];
    this.data.hover.forEach((h, k) => {
      const v = this.values[k][i];
      if (h.names) { if (v >= 0) lines.push(`${h.label}: ${h.names[v]}`); }
      else if (isFinite(v)) lines.push(`${h.label}: ${v.toFixed(h.digits).replace("-", "−")} ${h.unit}`);
    });
    if (this.proposed.has(this.ids[i])) lines.push(`proposal ${this.proposed.get(this.ids[i])}`);
    if (this.data.pick && flags & 2) lines.push("test set: cannot be picked");
    this.tip.replaceChildren(...lines.map((t, k) => { const e = document.createElement(k ? "div" : "b"); e.textContent = t; return e; }));
    this.tip.style.display = "block";
    const w = this.tip.offsetWidth, h = this.tip.offsetHeight;
    this.tip.style.left = `${x + 16 + w > this.w ? x - w - 12 : x + 14}px`;
    this.tip.style.top = `${Math.max(0, Math.min(this.h - h, y - h / 2))}px`;
  }

  save() {
    const c = document.createElement("canvas");
    c.width = this.base.width; c.height = this.base.height;
    const g = c.getContext("2d");
    g.fillStyle = this.css("--st-background-color", "#fff"); g.fillRect(0, 0, c.width, c.height);
    g.drawImage(this.base, 0, 0); g.drawImage(this.top, 0, 0);
    const a = document.createElement("a");
    a.href = c.toDataURL("image/png"); a.download = "map.png"; a.click();
  }
}

// The points come through a mount of their own, which a pick leaves unchanged: then a pick costs a
// few hundred bytes, because Streamlit sends a message that the browser knows only by its hash.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const store = (window.nciMapPoints ??= new Map());
  if (data.points) {
    store.set(data.name, data.points);
    document.dispatchEvent(new CustomEvent("nci-points", { detail: data.name }));
    return;
  }
  const root = parentElement.querySelector(".nci-map");
  root.map ??= new PickMap(root);
  root.latest = data;
  root.send = setTriggerValue;
  const draw = () => {
    const points = store.get(root.latest.name);
    if (points && points.key === root.latest.key) root.map.set({ ...points, ...root.latest }, (...event) => root.send(...event));
  };
  const listen = (event) => { if (event.detail === root.latest.name) draw(); };
  document.addEventListener("nci-points", listen);
  draw();
  return () => document.removeEventListener("nci-points", listen);
}
