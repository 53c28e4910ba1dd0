// What a click and a drawing choose. Where squares stand for points that are too many, the drawing itself goes to the
// server, which knows every point.
const MOST_CORNERS = 200;

// Corners of a drawn path without those that lie within `off` pixels of the line between their neighbours.
function straightened(path, off) {
  const kept = new Uint8Array(path.length), open = [[0, path.length - 1]];
  kept[0] = kept[path.length - 1] = 1;
  while (open.length) {
    const [a, b] = open.pop(), [xa, ya] = path[a], dx = path[b][0] - xa, dy = path[b][1] - ya, length = Math.hypot(dx, dy);
    let far = off, corner = -1;
    for (let i = a + 1; i < b; i++) {
      const x = path[i][0] - xa, y = path[i][1] - ya, d = length ? Math.abs(x * dy - y * dx) / length : Math.hypot(x, y);
      if (d > far) { far = d; corner = i; }
    }
    if (corner > 0) { kept[corner] = 1; open.push([a, corner], [corner, b]); }
  }
  return path.filter((_, i) => kept[i]);
}

function thinned(path, most) {
  for (let off = 0.4; ; off *= 1.6) {
    const found = straightened(path, off);
    if (found.length <= most) return found;
  }
}

Object.assign(Plot.prototype, {
  choose(i, extend) { if (i >= 0) this.send("clicked", { id: this.ids[i], mode: this.shared.mode, extend, at: Date.now() }); },

  pick(ids) { if (ids.length) this.send("picked", { ids, mode: this.shared.mode, at: Date.now() }); },

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
  },

  cell(i) { const b = this.bins; return [Math.round(b.x[i] / b.size), Math.round(b.y[i] / b.size)]; },

  // Nothing out of sight is taken: the drawing ends where the plot does.
  pickInside(path) {
    const { right, bottom } = this.frame(), into = (v, a, b) => Math.max(a, Math.min(b, v));
    const outline = thinned(path, MOST_CORNERS).map(([p, q]) =>
      [this.ux(into(p, this.left, right)), this.yAxis.unwarp(this.uy(into(q, TOP, bottom)))].map((v) => Number(v.toPrecision(7))));
    this.send("picked", { outline, mode: this.shared.mode, at: Date.now() });
  },

  // What the square under the pointer stands for.
  showBin(x, y) {
    const b = this.bins, ux = this.ux(x), uy = this.uy(y);
    const i = b.x.findIndex((left, k) => ux >= left && ux < left + b.size && uy >= b.y[k] && uy < b.y[k] + b.size);
    if (i < 0) { this.showTip(-1); return; }
    const held = Object.entries({ marked: "selected", basket: "in the basket", proposed: "proposed" }).flatMap(([name, text]) => {
      const found = this.data.squares[name]?.find(([k]) => k === i);
      return found ? [`${found[1]} ${text}`] : [];
    });
    const mean = isFinite(b.mean[i]) ? [`mean ${b.mean[i].toPrecision(3).replace("-", "−")} ${this.data.bar?.title ?? ""}`] : [];
    this.say([`${b.count[i]} configurations`, ...mean, ...held], x, y);
  },

  slide(dx, dy) { this.cx += (60 * dx) / this.sx; this.cy -= (60 * dy) / this.sy; this.viewChanged(); },
});

// Round the squares that hold something marked: lines inside such an area would hide its colours.
function paintSquareMarks(plot, g) {
  const d = plot.data, s = plot.bins.size;
  for (const [name, colour, width] of [["proposed", d.proposal_colour, 1.6], ["marked", d.mark_colour, 1.8], ["basket", d.accent, 2.4]]) {
    const cells = (d.squares[name] ?? []).map(([i]) => plot.cell(i)), has = new Set(cells.map(String));
    g.beginPath();
    for (const [i, j] of cells) {
      const [x0, x1, y0, y1] = [plot.px(i * s), plot.px((i + 1) * s), plot.py(j * s), plot.py((j + 1) * s)];
      for (const [a, b, from, to] of [[i - 1, j, [x0, y0], [x0, y1]], [i + 1, j, [x1, y0], [x1, y1]], [i, j - 1, [x0, y0], [x1, y0]], [i, j + 1, [x0, y1], [x1, y1]]]) {
        if (!has.has(`${a},${b}`)) { g.moveTo(...from); g.lineTo(...to); }
      }
    }
    // A rim in the colour of the ground, for these lines run over colours of all kinds.
    g.strokeStyle = plot.css("--st-background-color", "#fff"); g.lineWidth = width + 2.4; g.stroke();
    g.strokeStyle = colour; g.lineWidth = width; g.stroke();
  }
}
