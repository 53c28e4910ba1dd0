// Painting: every function takes the plot and a 2-D context, and changes no state.
function pointSprite(plot, level, kind) {
  const key = level * 8 + kind;
  if (plot.sprites.has(key)) return plot.sprites.get(key);
  const size = 18, c = document.createElement("canvas"), r = plot.ratio;
  c.width = c.height = size * r;
  const g = c.getContext("2d");
  g.scale(r, r); g.translate(size / 2, size / 2);
  paintPoint(plot, g, level, kind);
  plot.sprites.set(key, c);
  return c;
}

// One point about the origin: a disc, larger and with a rim when it has a label; a diamond in the test set.
function paintPoint(plot, g, level, kind) {
  g.fillStyle = level === 255 ? "rgba(128,140,150,0.45)" : mix(plot.data.scale, level / 254);
  g.strokeStyle = plot.css("--st-text-color", "#222"); g.lineWidth = 1.2;
  const quiet = plot.ground ? 0.7 : 1, half = 5.6 * quiet; // the field is what such a plot shows
  g.beginPath();
  if (kind & 2) { g.moveTo(0, -half); g.lineTo(half, 0); g.lineTo(0, half); g.lineTo(-half, 0); g.closePath(); }
  else g.arc(0, 0, (kind & 1 ? 4.8 : 3.4) * quiet, 0, 7);
  g.fill();
  if (kind & 1) g.stroke();
  else if (plot.ground) { g.lineWidth = 0.7; g.stroke(); }
}

// Everything that a pick does not change.
function paintBase(plot, g) {
  const font = plot.css("--st-font", "sans-serif"), ink = plot.css("--st-text-color", "#222"), { right, bottom } = plot.frame();
  paintAxes(plot, g, ink, font);
  g.save(); g.beginPath(); g.rect(plot.left, TOP, right - plot.left, bottom - TOP); g.clip();
  if (plot.ground) paintGround(plot, g);
  paintHost(plot, g, ink, font); paintLines(plot, g);
  if (plot.bins) paintBins(plot, g);
  paintPoints(plot, g, ink);
  g.restore();
  paintBar(plot, g, ink, font);
  if (!plot.ids.length && !plot.lines.length && !plot.bins && !plot.ground) { g.fillStyle = ink; g.textAlign = "center"; g.fillText(plot.data.empty, ...plot.middle()); }
}

// What lies over the points: selection, basket, proposals, the path being drawn.
function paintTop(plot, g) {
  const { right, bottom } = plot.frame();
  g.save(); g.beginPath(); g.rect(plot.left, TOP, right - plot.left, bottom - TOP); g.clip();
  paintMarks(plot, g);
  if (plot.data.line) paintLine(plot, g);
  g.restore();
}

function paintAxes(plot, g, ink, font) {
  const { right, bottom } = plot.frame(), d = plot.data, narrow = right - plot.left < 320;
  g.font = `12px ${font}`; g.lineWidth = 1; g.strokeStyle = plot.css("--st-border-color", "#ccc"); g.fillStyle = ink;
  g.textAlign = "center"; g.textBaseline = "top";
  for (const [v, text] of plot.xAxis.ticks(plot.ux(plot.left), plot.ux(right), narrow ? 4 : 7)) {
    const p = plot.px(v);
    g.beginPath(); g.moveTo(p, TOP); g.lineTo(p, bottom); g.stroke(); g.fillText(text, p, bottom + 6);
  }
  g.textAlign = "right"; g.textBaseline = "middle";
  for (const [v, text] of plot.yAxis.ticks(plot.uy(bottom), plot.uy(TOP), 6)) {
    const p = plot.py(v);
    g.beginPath(); g.moveTo(plot.left, p); g.lineTo(right, p); g.stroke(); if (d.y_label) g.fillText(text, plot.left - 7, p);
  }
  g.textAlign = "center"; g.font = `13px ${font}`;
  g.fillText(d.x_label, (plot.left + right) / 2, plot.h - 12);
  g.save(); g.translate(13, (TOP + bottom) / 2); g.rotate(-Math.PI / 2); g.fillText(d.y_label, 0, 0); g.restore();
}

function paintLines(plot, g) {
  const { right, bottom } = plot.frame();
  if (plot.data.zero) {
    g.strokeStyle = plot.css("--st-text-color", "#222"); g.lineWidth = 1;
    g.beginPath(); g.moveTo(plot.left, plot.py(0)); g.lineTo(right, plot.py(0)); g.stroke();
  }
  for (const line of plot.lines) {
    const n = line.x.length;
    if (line.low) {
      g.fillStyle = line.colour + "38"; g.beginPath();
      for (let i = 0; i < n; i++) g.lineTo(plot.px(line.x[i]), plot.py(line.high[i]));
      for (let i = n - 1; i >= 0; i--) g.lineTo(plot.px(line.x[i]), plot.py(line.low[i]));
      g.closePath(); g.fill();
    }
    g.strokeStyle = line.colour; g.lineWidth = line.width; g.setLineDash(line.dash); g.beginPath();
    let down = false;
    for (let i = 0; i < (line.knots ? 0 : n); i++) { // what is known at a few places only is not joined
      const q = plot.py(line.y[i]);
      if (!isFinite(q) || q < TOP - bottom || q > 2 * bottom) { down = false; continue; }
      down ? g.lineTo(plot.px(line.x[i]), q) : g.moveTo(plot.px(line.x[i]), q); down = true;
    }
    g.stroke(); g.setLineDash([]);
    g.fillStyle = line.colour;
    if (line.knots) for (let i = 0; i < n; i++) g.fillRect(plot.px(line.x[i]) - 3, plot.py(line.y[i]) - 3, 6, 6);
  }
}

function paintHost(plot, g, ink, font) {
  if (!plot.data.host) return;
  const { atoms, symbols, bonds } = plot.data.host, places = atoms.map(([x, y, off]) => [plot.px(x), plot.py(y), off]);
  paintMolecule(g, places, symbols, bonds, { r: plot.data.ground ? Math.max(6, Math.min(9, 0.34 * plot.sx)) : 9, ink, font, ground: plot.css("--st-secondary-background-color", "#eee") });
}

function paintPoints(plot, g, ink) {
  const { right, bottom } = plot.frame(), cut = plot.before ? plot.left + plot.split * (right - plot.left) : -1;
  if (plot.error) {
    g.strokeStyle = plot.css("--st-text-color", "#222"); g.globalAlpha = 0.45; g.lineWidth = 1; g.beginPath();
    for (let i = 0; i < plot.ids.length; i++) {
      if (!(plot.error[i] > 0)) continue;
      g.moveTo(plot.px(plot.x[i]), plot.py(plot.y[i] - plot.error[i])); g.lineTo(plot.px(plot.x[i]), plot.py(plot.y[i] + plot.error[i]));
    }
    g.stroke(); g.globalAlpha = 1;
  }
  for (let i = 0; i < plot.ids.length; i++) {
    const p = plot.px(plot.x[i]), q = plot.py(plot.y[i]);
    if (p < plot.left - 9 || p > right + 9 || q < TOP - 9 || q > bottom + 9) continue;
    const level = p < cut ? plot.before[i] : plot.level[i];
    if (g instanceof SvgContext) { g.save(); g.translate(p, q); paintPoint(plot, g, level, plot.flags[i] & 3); g.restore(); }
    else g.drawImage(pointSprite(plot, level, plot.flags[i] & 3), p - 9, q - 9, 18, 18);
  }
  if (cut > 0) {
    g.strokeStyle = ink; g.lineWidth = 2; g.beginPath(); g.moveTo(cut, TOP); g.lineTo(cut, bottom); g.stroke();
    g.fillStyle = ink; g.font = `600 13px ${plot.css("--st-font", "sans-serif")}`; g.textBaseline = "top";
    g.textAlign = "right"; if (plot.split > 0.12) g.fillText(plot.data.compare.left, cut - 8, TOP + 4);
    g.textAlign = "left"; if (plot.split < 0.88) g.fillText(plot.data.compare.right, cut + 8, TOP + 4);
  }
}

function paintBins(plot, g) {
  const b = plot.bins;
  for (let i = 0; i < b.x.length; i++) {
    g.fillStyle = b.level[i] === 255 ? "rgba(128,140,150,0.45)" : mix(plot.data.scale, b.level[i] / 254);
    const p = plot.px(b.x[i]), q = plot.py(b.y[i] + b.size);
    g.fillRect(p, q, plot.px(b.x[i] + b.size) - p - 0.5, plot.py(b.y[i]) - q - 0.5);
  }
}

function paintBar(plot, g, ink, font) {
  const { bar, scale } = plot.data, y = TOP + 22;
  if (bar) paintColourBar(g, { x: plot.w - BAR + 14, y, h: Math.min(260, plot.h - BOTTOM - y - 8) }, { ...bar, stops: scale }, ink, font);
}

function paintMarks(plot, g) {
  const d = plot.data, ink = plot.css("--st-text-color", "#222");
  if (plot.bins) paintSquareMarks(plot, g);
  const at = (id) => { const i = plot.index.get(id); return i === undefined ? null : [plot.px(plot.x[i]), plot.py(plot.y[i])]; };
  const ring = (p, radius) => { g.beginPath(); g.arc(p[0], p[1], radius, 0, 7); g.stroke(); };
  g.strokeStyle = d.proposal_colour; g.lineWidth = 1.8;
  for (const id of plot.proposed.keys()) {
    const p = at(id);
    if (!p || plot.basket.has(id)) continue;
    g.beginPath(); g.moveTo(p[0], p[1] - 9); g.lineTo(p[0] + 8, p[1] + 6); g.lineTo(p[0] - 8, p[1] + 6); g.closePath(); g.stroke();
  }
  // Many rings would hide the colours under them.
  const many = plot.marked.size > 40;
  g.strokeStyle = d.mark_colour; g.lineWidth = many ? 1.3 : 2.2; g.setLineDash(many ? [] : [3, 2]);
  for (const id of plot.marked) { const p = at(id); if (p) ring(p, many ? 5.6 : 8.5); }
  g.setLineDash([]);
  g.strokeStyle = d.accent; g.lineWidth = 2.6;
  for (const id of plot.basket) { const p = at(id); if (p) ring(p, 6.5); }
  const chosen = plot.cursor >= 0 ? [plot.px(plot.x[plot.cursor]), plot.py(plot.y[plot.cursor])] : d.selected == null ? null : at(d.selected);
  if (chosen) {
    g.strokeStyle = ink; g.lineWidth = 2; ring(chosen, 11);
    g.beginPath();
    for (const [a, b] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { g.moveTo(chosen[0] + 8 * a, chosen[1] + 8 * b); g.lineTo(chosen[0] + 15 * a, chosen[1] + 15 * b); }
    g.stroke();
  }
  if (plot.path) {
    g.beginPath(); plot.path.forEach(([x, y], i) => (i ? g.lineTo(x, y) : g.moveTo(x, y))); g.closePath();
    g.fillStyle = d.accent + "22"; g.fill(); g.setLineDash([5, 4]); g.strokeStyle = d.accent; g.lineWidth = 1.6; g.stroke(); g.setLineDash([]);
  }
}
