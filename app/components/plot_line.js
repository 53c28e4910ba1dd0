// A line drawn with the mouse: press, draw, release. Then an end, or all of it, can be taken and moved.
const GRIP = 12, SHORTEST = 12;

Object.assign(Plot.prototype, {
  // Ends in the unit of the axes: as drawn just now, else as the page says.
  lineEnds() { return this.lineNow ?? this.data.line.ends; },

  // What of the line lies under the pointer: an end (0, 1), all of it (2), or nothing (−1).
  grip(x, y) {
    const ends = this.lineEnds().map(([a, b]) => [this.px(a), this.py(b)]);
    const away = ends.map(([p, q]) => Math.hypot(p - x, q - y)), near = away[1] <= away[0] ? 1 : 0;
    if (away[near] <= GRIP) return near;
    const [[p, q], [r, s]] = ends, dx = r - p, dy = s - q, t = ((x - p) * dx + (y - q) * dy) / (dx * dx + dy * dy || 1);
    return t > 0 && t < 1 && Math.hypot(p + t * dx - x, q + t * dy - y) <= GRIP / 2 ? 2 : -1;
  },

  lineDown(x, y) {
    const held = this.grip(x, y);
    this.lineDrag = { held: held < 0 ? 1 : held, fresh: held < 0, x, y, ends: held < 0 ? [this.at(x, y), this.at(x, y)] : this.lineEnds() };
  },

  // A place on the screen in the unit of the axes, kept inside the frame.
  at(x, y) {
    const { right, bottom } = this.frame();
    return [this.ux(Math.max(this.left, Math.min(right, x))), this.uy(Math.max(TOP, Math.min(bottom, y)))];
  },

  lineMove(x, y, straight) {
    const { held, ends, x: x0, y: y0 } = this.lineDrag, now = ends.map((end) => [...end]);
    if (held === 2) { // as far as both ends stay in sight
      const [from, to] = [this.at(-1e9, 1e9), this.at(1e9, -1e9)];
      [(x - x0) / this.sx, (y0 - y) / this.sy].forEach((wanted, k) => {
        const [a, b] = [Math.min(now[0][k], now[1][k]), Math.max(now[0][k], now[1][k])];
        const by = Math.max(Math.min(0, from[k] - a), Math.min(Math.max(0, to[k] - b), wanted));
        for (const end of now) end[k] += by;
      });
    }
    else {
      now[held] = this.at(x, y);
      if (straight) { // in steps of 15 degrees
        const [a, b] = now[1 - held], dx = now[held][0] - a, dy = now[held][1] - b, step = Math.PI / 12;
        const angle = Math.round(Math.atan2(dy, dx) / step) * step, length = dx * Math.cos(angle) + dy * Math.sin(angle);
        now[held] = [a + length * Math.cos(angle), b + length * Math.sin(angle)];
      }
    }
    this.lineNow = now; this.drawTop();
    const text = ([a, b]) => `(${minus(a.toFixed(2))}, ${minus(b.toFixed(2))})`;
    const length = Math.hypot(now[1][0] - now[0][0], now[1][1] - now[0][1]);
    this.say([`${length.toFixed(2)} Å`, `from ${text(now[0])}`, `to ${text(now[1])}`], x, y);
  },

  lineUp(moved) {
    const { held, fresh } = this.lineDrag, now = this.lineNow;
    this.lineDrag = null; this.showTip(-1);
    if (!moved || !now) return;
    const [a, b] = now.map(([x, y]) => [this.px(x), this.py(y)]);
    if (Math.hypot(a[0] - b[0], a[1] - b[1]) < SHORTEST) { this.lineNow = null; return; }
    const rounded = now.map((end) => end.map((v) => Number(v.toFixed(4))));
    this.send("lined", { ends: rounded, moved: [fresh || held !== 1, fresh || held !== 0], at: Date.now() });
  },

  // The value of the field under the pointer.
  showGround(x, y) {
    const f = this.ground, i = Math.round(((this.ux(x) - f.x[0]) / (f.x[1] - f.x[0])) * (f.columns - 1));
    const j = Math.round(((this.uy(y) - f.y[0]) / (f.y[1] - f.y[0])) * (f.rows - 1)), v = f.values[j * f.columns + i];
    if (i < 0 || j < 0 || i >= f.columns || j >= f.rows || (!f.wall && !isFinite(v))) this.showTip(-1);
    else this.say([fieldWords(v, f.wall?.[j * f.columns + i], f.digits, f.unit, false), f.label], x, y);
  },
});

// The picture of a field is made once for a size on screen.
function paintGround(plot, g) {
  const f = plot.ground, left = plot.px(f.x[0]), top = plot.py(f.y[1]), w = plot.px(f.x[1]) - left, h = plot.py(f.y[0]) - top;
  const [wide, high] = [w, h].map((side) => Math.max(1, Math.min(1200, Math.round(side * plot.ratio))));
  f.lut ??= colourTable(plot.data.scale); f.picture ??= document.createElement("canvas");
  if (f.picture.width !== wide || f.picture.height !== high || !f.painted) fieldPicture(f.picture, f, f.lut, wide, high, plot.ratio);
  f.painted = true;
  g.drawImage(f.picture, left, top, w, h);
}

// The start is open, the end is filled; dashed where the line does not lie in what the plot shows.
function paintLine(plot, g) {
  const ends = plot.lineEnds().map(([x, y]) => [plot.px(x), plot.py(y)]), [a, b] = ends;
  const ink = plot.data.mark_colour, ground = plot.css("--st-background-color", "#fff");
  for (const [colour, width, dash] of [[ground, 6, []], [ink, 2.6, plot.data.line.off && !plot.lineNow ? [6, 5] : []]]) {
    g.strokeStyle = colour; g.lineWidth = width; g.setLineDash(dash);
    g.beginPath(); g.moveTo(...a); g.lineTo(...b); g.stroke();
  }
  g.setLineDash([]);
  ends.forEach(([p, q], i) => {
    g.strokeStyle = ground; g.lineWidth = 6; g.beginPath(); g.arc(p, q, 6, 0, 7); g.stroke();
    g.strokeStyle = ink; g.lineWidth = 2.4; g.fillStyle = i ? ink : ground; g.beginPath(); g.arc(p, q, 6, 0, 7); g.fill(); g.stroke();
  });
}
