// What a person reads under "?": keys, and what they do. The last ones need a plot that is picked from.
const KEYS = [["Tab", "go to the plot"], ["← ↑ ↓ →", "walk from point to point; over squares, move the view"], ["Enter", "show the point's structure"],
  ["Space", "select the point, as shift + click does"], ["+  −  0", "zoom in, zoom out, show all points; also Ctrl + scroll"],
  ["M", "move the view with the mouse"], ["Esc", "cancel a drawing"], ["Ctrl + Z, Ctrl + Y", "undo, redo"], ["?", "show these keys"]];
const PICK_KEYS = [["L  B", "draw a lasso, draw a box"]];
const LINE_KEYS = [["L", "draw a line with the mouse, or move its ends"], ["Shift", "while drawing: turn in steps of 15°"]];
const MODE_KEYS = { replace: ["P", "a drawing replaces"], add: ["A", "a drawing adds"], remove: ["R", "a drawing takes out"] };

// Keys, the tooltip, saving to files, and the mount; they complete the class of plot.js.
Object.assign(Plot.prototype, {
  pressed(e) {
    if (e.ctrlKey || e.metaKey || e.altKey) {
      if (e.key.toLowerCase() !== "z" && e.key.toLowerCase() !== "y") return;
      e.preventDefault();
      this.send("history", { redo: e.shiftKey || e.key.toLowerCase() === "y", at: Date.now() });
      return;
    }
    const set = (field, value) => { this.shared[field] = value; this.tell("nci-tool"); };
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    const act = {
      Escape: () => (this.keys?.matches(":popover-open") ? this.keys.hidePopover() : this.abort()), "+": () => this.zoom(1.5), "=": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), 0: () => this.fitAll(),
      m: () => set("tool", "pan"), Enter: () => this.choose(this.cursor, false), " ": () => this.choose(this.cursor, true),
    };
    if (this.data.line) act.l = () => set("tool", "line");
    else if (this.data.pick) {
      Object.assign(act, { l: () => set("tool", "lasso"), b: () => set("tool", "box") });
      for (const [key, mode] of [["a", "add"], ["r", "remove"], ["p", "replace"]]) if (this.data.modes.includes(mode)) act[key] = () => set("mode", mode);
    }
    if (e.key === "?" && this.keys) act["?"] = () => this.keys.showPopover();
    if (!step && !act[e.key]) return;
    e.preventDefault();
    step ? (this.bins ? this.slide(...step) : this.walk(...step)) : act[e.key]();
  },

  // The list of keys opens above everything, closes with Esc or a click elsewhere, and gives the focus back.
  keysButton(button) {
    if (!this.keys) {
      this.keys = document.createElement("dl");
      this.keys.className = "keys"; this.keys.popover = "auto"; this.keys.setAttribute("aria-label", "Keys of the plot");
      this.keys.addEventListener("toggle", () => {
        const at = this.opener.getBoundingClientRect(), width = this.keys.offsetWidth;
        this.keys.style.left = `${Math.max(8, Math.min(at.right - width, window.innerWidth - width - 8))}px`;
        this.keys.style.top = `${Math.max(8, Math.min(at.bottom + 6, window.innerHeight - this.keys.offsetHeight - 8))}px`;
      });
      this.root.append(this.keys);
    }
    const listed = [...KEYS, ...(this.data.line ? LINE_KEYS : this.data.pick ? [...PICK_KEYS, ...this.data.modes.map((mode) => MODE_KEYS[mode])] : [])];
    this.keys.replaceChildren(...listed.flatMap((pair) => pair.map((text, k) => {
      const e = document.createElement(k ? "dd" : "dt");
      e.textContent = text;
      return e;
    })));
    this.opener = button; button.popoverTargetElement = this.keys; button.dataset.keys = "";
    return button;
  },

  // To the nearest point that lies more in the wanted direction than aside.
  walk(dx, dy) {
    const chosen = this.cursor >= 0 ? this.cursor : this.index.get(this.data.selected) ?? 0;
    const p = this.px(this.x[chosen]), q = this.py(this.y[chosen]);
    let best = -1, least = Infinity;
    for (let i = 0; i < this.ids.length; i++) {
      const a = this.px(this.x[i]) - p, b = this.py(this.y[i]) - q, along = a * dx + b * dy, aside = Math.abs(a * dy) + Math.abs(b * dx);
      if (i !== chosen && along > 0.5 && along >= aside && along + 2 * aside < least) { least = along + 2 * aside; best = i; }
    }
    if (best < 0) return;
    this.cursor = best;
    this.drawTop(); this.showTip(best, this.px(this.x[best]), this.py(this.y[best]));
  },

  showTip(i, x, y) {
    if (i < 0 || !this.data) { this.tip.style.display = "none"; return; }
    const lines = [`Configuration ${this.ids[i]}`];
    this.data.hover.forEach((h, k) => {
      const v = this.values[k][i];
      if (h.table_only) return;
      if (h.names.length) { if (v >= 0) lines.push(`${h.label}: ${h.names[v]}`); }
      else if (isFinite(v)) {
        const text = `${minus(v.toFixed(h.digits))} ${h.unit}`;
        lines.push(h.spread ? `${lines.pop().slice(0, -h.unit.length)}± ${text}` : `${h.label}: ${text}`);
      }
    });
    if (this.proposed.has(this.ids[i])) lines.push(`proposal ${this.proposed.get(this.ids[i])}`);
    if (this.data.to_basket && this.flags[i] & 2) lines.push("test set: cannot be picked");
    this.say(lines, x, y);
  },

  // The first line stands out.
  say(lines, x, y) {
    this.tip.replaceChildren(...lines.map((t, k) => { const e = document.createElement(k ? "div" : "b"); e.textContent = t; return e; }));
    this.tip.style.display = "block";
    const w = this.tip.offsetWidth, h = this.tip.offsetHeight;
    this.tip.style.left = `${x + 16 + w > this.w ? Math.max(0, x - w - 12) : x + 14}px`;
    this.tip.style.top = `${Math.max(0, Math.min(this.h - h, y - h / 2))}px`;
  },
});

// The points come through a mount of their own, which a pick leaves unchanged: then a pick costs a
// few hundred bytes, because Streamlit sends a message that the browser knows only by its hash.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const store = (window.nciPlotPoints ??= new Map());
  if (data.points) {
    store.set(data.name, data.points);
    document.dispatchEvent(new CustomEvent("nci-points", { detail: data.name }));
    return;
  }
  const root = parentElement.querySelector(".nci-plot");
  root.plot ??= new Plot(root);
  root.latest = data; root.send = setTriggerValue;
  const draw = () => {
    if (root.latest.bar_only) { root.plot.setBar(root.latest); return; }
    const points = store.get(root.latest.name);
    if (points && points.key === root.latest.key) root.plot.set({ ...points, ...root.latest }, (...event) => root.send(...event));
  };
  const listeners = {
    "nci-points": (event) => { if (event.detail === root.latest.name) draw(); },
    "nci-tool": (event) => root.plot.heard("nci-tool", event.detail),
    "nci-command": (event) => root.plot.heard("nci-command", event.detail),
    "nci-fit": (event) => root.plot.heard("nci-fit", event.detail),
    "nci-view": (event) => root.plot.heard("nci-view", event.detail),
  };
  for (const [name, act] of Object.entries(listeners)) document.addEventListener(name, act);
  draw();
  return () => { for (const [name, act] of Object.entries(listeners)) document.removeEventListener(name, act); };
}
