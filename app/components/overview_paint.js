// Painting of the Overview: maps of errors, their colour bar and the curve of test errors. Changes no state but layout.
const TITLE = 24, UNDER = 44, SPACE = 14, BAR_ROOM = 66, LOWER_LEAST = 190, AXIS = { left: 62, bottom: 44, top: 26, right: 10 };

// Where everything is, in CSS pixels; what stands below the maps is as high as its words need.
function arrange(plot) {
  const found = arranged(plot, LOWER_LEAST), needed = 110 + 18 * wrapped(`13px ${plot.css("--st-font", "sans-serif")}`, plot.data.worth, found.side.w).length;
  return needed > found.side.h ? arranged(plot, needed) : found;
}

function arranged(plot, least) {
  const d = plot.data, n = d.maps ? d.fixed.length + (d.frames.length ? 1 : 0) : 0, { w, h } = plot;
  const room = n ? w - BAR_ROOM : w, cell = n ? (room - SPACE * (n - 1)) / n : 0;
  let scale = 0, deep = 0;
  if (n) {
    const lower = Math.max(least, 0.27 * h);
    scale = Math.min(cell / (2 * d.maps.half[0]), Math.max(60, h - TITLE - UNDER - lower) / (2 * d.maps.half[1]));
    deep = TITLE + 2 * d.maps.half[1] * scale + UNDER;
  }
  const wide = n ? 2 * d.maps.half[0] * scale : 0, tall = n ? 2 * d.maps.half[1] * scale : 0;
  // Maps that the height limits stand together, so that the bar stays beside them.
  const step = wide + Math.min(cell - wide, 46) + SPACE, x0 = Math.max(0, (room - (step * n - SPACE - (step - SPACE - wide))) / 2);
  const panels = Array.from({ length: n }, (_, i) => ({ x: x0 + i * step, y: TITLE, w: wide, h: tall }));
  const split = n > 1 ? panels[n - 1].x : 0.62 * w;
  return { panels, scale, bar: n ? { x: panels[n - 1].x + wide + 12, y: TITLE + 16, h: tall - 16 } : null,
    curve: { x: 0, y: deep + 6, w: split - 24, h: h - deep - 6 }, side: { x: split, y: deep + 6, w: w - split, h: h - deep - 6 } };
}

function shownMaps(plot) {
  const { fixed, frames } = plot.data;
  return [...fixed, ...(frames.length ? [frames[plot.frame]] : [])];
}

function paintBase(plot, g) {
  const at = (plot.at = arrange(plot)), ink = plot.css("--st-text-color", "#222"), font = plot.css("--st-font", "sans-serif");
  g.textBaseline = "alphabetic"; g.lineWidth = 1;
  if (plot.data.maps) {
    shownMaps(plot).forEach((map, i) => paintMap(plot, g, map, at.panels[i], ink, font));
    const { stops, ticks, unit } = plot.data.scale;
    paintColourBar(g, at.bar, { stops, ticks, title: unit }, ink, font);
  }
  if (plot.data.curve) paintCurve(plot, g, at.curve, ink, font);
  paintSide(plot, g, at.side, ink, font);
}

function paintMap(plot, g, map, box, ink, font) {
  g.fillStyle = ink; g.textAlign = "center"; g.font = `600 14px ${font}`;
  g.fillText(fitted(g, map.title, box.w + 40), box.x + box.w / 2, box.y - 8);
  g.drawImage(coloured(plot, map, box), box.x, box.y, box.w, box.h);
  const { atoms, bonds } = plot.data.maps, look = { ink, font, ground: plot.css("--st-background-color", "#fff"), r: Math.max(6, Math.min(10, 0.34 * plot.at.scale)) };
  paintMolecule(g, atoms.map(([u, v, off]) => [...onPaper(plot, box, u, v), off]), atoms.map((atom) => atom[3]), bonds, look);
  for (const [k, [u, v]] of plot.data.maps.dots.entries()) {
    const value = map.dots[k];
    if (!Number.isFinite(value)) continue;
    const [x, y] = onPaper(plot, box, u, v);
    g.beginPath(); g.arc(x, y, 4, 0, 7); g.fillStyle = mix(plot.data.scale.stops, plot.fraction(value)); g.fill();
    g.strokeStyle = ink; g.lineWidth = 1.2; g.stroke();
  }
  g.strokeStyle = plot.css("--st-border-color", "#ccc"); g.lineWidth = 1; g.beginPath(); g.rect(box.x, box.y, box.w, box.h); g.stroke();
  g.fillStyle = ink; g.textAlign = "center"; g.font = `600 16px ${font}`;
  g.fillText(map.number, box.x + box.w / 2, box.y + box.h + 20);
  g.font = `12px ${font}`; g.fillText(fitted(g, map.under, box.w + 40), box.x + box.w / 2, box.y + box.h + 37);
}

function onPaper(plot, box, u, v) {
  const [a, b] = plot.data.maps.half;
  return [box.x + ((u + a) / (2 * a)) * box.w, box.y + ((b - v) / (2 * b)) * box.h];
}

// Text that is too wide ends with an ellipsis.
function fitted(g, text, most) {
  if (!g.measureText || g.measureText(text).width <= most) return text;
  let short = text;
  while (short && g.measureText(`${short}…`).width > most) short = short.slice(0, -1);
  return `${short}…`;
}

// One map as a picture of its own, made once for a size and a theme.
function coloured(plot, map, box) {
  const { nx, ny } = plot.data.maps, r = plot.ratio, w = Math.max(1, Math.round(box.w * r)), h = Math.max(1, Math.round(box.h * r));
  if (map.picture?.width === w && map.picture.height === h && map.lut === plot.lut) return map.picture;
  map.lut = plot.lut; map.picture ??= document.createElement("canvas");
  return fieldPicture(map.picture, { f: map.fractions, wall: plot.wall, columns: nx, rows: ny }, plot.lut, w, h, r);
}

function logTicks(low, high) {
  const found = [];
  for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) {
    for (const m of high / low < 30 ? [1, 2, 5] : [1]) { const v = m * 10 ** p; if (v >= low && v <= high) found.push(v); }
  }
  return found;
}

function curvePlace(plot) {
  const c = plot.data.curve, box = plot.at.curve, all = [...c.y, c.teacher].filter((v) => v > 0);
  const low = Math.min(...all) / 1.8, high = Math.max(...all) * 1.8, most = Math.max(...c.x, 1) * 1.04;
  const left = box.x + AXIS.left, right = box.x + box.w - AXIS.right, top = box.y + AXIS.top, bottom = box.y + box.h - AXIS.bottom;
  return { low, high, most, left, right, top, bottom, px: (x) => left + (x / most) * (right - left),
    py: (y) => bottom - (Math.log(y / low) / Math.log(high / low)) * (bottom - top) };
}

function paintCurve(plot, g, box, ink, font) {
  const c = plot.data.curve, p = curvePlace(plot);
  g.fillStyle = ink; g.textAlign = "left"; g.font = `600 13px ${font}`; g.fillText(c.title, p.left, box.y + 14);
  g.strokeStyle = plot.css("--st-border-color", "#ccc"); g.font = `12px ${font}`; g.textBaseline = "middle"; g.textAlign = "right";
  for (const v of logTicks(p.low, p.high)) {
    g.beginPath(); g.moveTo(p.left, p.py(v)); g.lineTo(p.right, p.py(v)); g.stroke(); g.fillText(String(+v.toPrecision(3)), p.left - 7, p.py(v));
  }
  g.textBaseline = "top"; g.textAlign = "center";
  for (const [v, text] of linearTicks(0, p.most, 6)) g.fillText(text, p.px(v), p.bottom + 6);
  g.textBaseline = "alphabetic"; g.fillText(c.x_label, (p.left + p.right) / 2, p.bottom + 38);
  g.save(); g.translate(box.x + 12, (p.top + p.bottom) / 2); g.rotate(-Math.PI / 2); g.fillText(c.y_label, 0, 0); g.restore();
  if (c.teacher) {
    g.strokeStyle = g.fillStyle = c.teacher_colour; g.lineWidth = 2; g.setLineDash([6, 4]);
    g.beginPath(); g.moveTo(p.left, p.py(c.teacher)); g.lineTo(p.right, p.py(c.teacher)); g.stroke(); g.setLineDash([]);
    g.textAlign = "right"; g.fillText("teacher", p.right - 2, p.py(c.teacher) + 15);
  }
  const there = c.y.map((y, i) => i).filter((i) => c.y[i] > 0);
  g.strokeStyle = g.fillStyle = c.colour; g.lineWidth = 2.2; g.beginPath();
  there.forEach((i, k) => g[k ? "lineTo" : "moveTo"](p.px(c.x[i]), p.py(c.y[i]))); g.stroke();
  for (const i of there) { g.beginPath(); g.arc(p.px(c.x[i]), p.py(c.y[i]), 4, 0, 7); g.fill(); }
  const now = plot.frame;
  if (c.y[now] > 0) {
    g.strokeStyle = ink; g.lineWidth = 2; g.beginPath(); g.arc(p.px(c.x[now]), p.py(c.y[now]), 9, 0, 7); g.stroke();
  }
  g.lineWidth = 1;
}

// The words beside the curve; the slider lies between them.
function paintSide(plot, g, box, ink, font) {
  const now = plot.data.frames[plot.frame];
  if (!now) return;
  g.fillStyle = ink; g.textAlign = "left"; g.font = `600 15px ${font}`; g.fillText(fitted(g, now.round, box.w), box.x, box.y + 14);
  g.font = `13px ${font}`;
  let y = box.y + 74;
  g.fillText(fitted(g, now.spent, box.w), box.x, y);
  if (!plot.data.worth) return;
  g.font = `600 13px ${font}`; g.fillText("What the labels are worth", box.x, (y += 30));
  g.font = `13px ${font}`;
  for (const line of wrapped(g.font, plot.data.worth, box.w)) g.fillText(line, box.x, (y += 18));
  paintTable(plot, g, { ...box, y: y + 34, h: box.h - (y + 34 - box.y) - 8 }, font);
}

// What each round cost and brought, where there is room for all of them.
function paintTable(plot, g, box, font) {
  const { frames, columns } = plot.data, ends = [0.14, 0.34, 0.58, 1].map((part) => box.x + part * Math.min(box.w, 430));
  if (frames.length < 2 || box.h < 22 * (frames.length + 1)) return;
  g.textAlign = "right"; g.font = `600 12px ${font}`; columns.forEach((text, k) => g.fillText(text, ends[k], box.y));
  frames.forEach(({ cells }, i) => {
    const y = box.y + 22 * (i + 1);
    g.font = `${i === plot.frame ? "700 " : ""}13px ${font}`;
    cells.forEach((text, k) => g.fillText(text, ends[k], y));
  });
  g.textAlign = "left";
}

// Text in lines of at most a width; a drawing that cannot measure takes the canvas's lines.
let ruler = null;
function wrapped(font, text, most) {
  ruler ??= document.createElement("canvas").getContext("2d");
  ruler.font = font;
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && ruler.measureText(longer).width <= most) lines[lines.length - 1] = longer; else lines.push(word);
  }
  return lines;
}
