// What maps share, on the Overview and elsewhere: a field, the host on it, the colour bar. Nothing here changes state.

// 512 colours of a scale, as pixels.
function colourTable(stops) {
  return Uint32Array.from({ length: 512 }, (_, i) => {
    const [r, g, b] = mix(stops, i / 511).match(/\d+/g).map(Number);
    return (255 << 24) | (b << 16) | (g << 8) | r;
  });
}

// A field as a picture of w × h pixels: places on the scale (rows × columns from the bottom, NaN where not known) are
// smooth between grid points. Inside the wall it is open; what is not known outside is hatched, or open without a wall.
function fieldPicture(canvas, { f, wall, columns, rows }, lut, w, h, ratio) {
  canvas.width = w; canvas.height = h;
  const g = canvas.getContext("2d"), image = g.createImageData(w, h), pixels = new Uint32Array(image.data.buffer);
  for (let py = 0, at = 0; py < h; py++) {
    const y = ((h - 0.5 - py) / h) * (rows - 1), j = Math.min(rows - 2, Math.floor(y)), ty = y - j;
    for (let px = 0; px < w; px++, at++) {
      const x = ((px + 0.5) / w) * (columns - 1), i = Math.min(columns - 2, Math.floor(x)), tx = x - i, c = j * columns + i;
      const k0 = (1 - tx) * (1 - ty), k1 = tx * (1 - ty), k2 = (1 - tx) * ty, k3 = tx * ty;
      if (wall && k0 * wall[c] + k1 * wall[c + 1] + k2 * wall[c + columns] + k3 * wall[c + columns + 1] <= 0) continue;
      const a = f[c], b = f[c + 1], e = f[c + columns], q = f[c + columns + 1];
      let sum = 0, weight = 0;
      if (a === a) { sum += k0 * a; weight += k0; }
      if (b === b) { sum += k1 * b; weight += k1; }
      if (e === e) { sum += k2 * e; weight += k2; }
      if (q === q) { sum += k3 * q; weight += k3; }
      if (weight >= 0.5) pixels[at] = lut[Math.round((sum / weight) * 511)];
      else if (wall && (px + py) % Math.round(7 * ratio) < ratio) pixels[at] = lut[256];
    }
  }
  g.putImageData(image, 0, 0);
  return canvas;
}

// Atoms at places [x, y, towards the viewer] in pixels: nearer ones cover farther ones, those in the plane are bold.
function paintMolecule(g, places, symbols, bonds, { r, ink, ground, font }) {
  g.save(); g.strokeStyle = ink; g.lineWidth = 2; g.globalAlpha = 0.6;
  for (const [i, j] of bonds) { g.beginPath(); g.moveTo(places[i][0], places[i][1]); g.lineTo(places[j][0], places[j][1]); g.stroke(); }
  g.globalAlpha = 0.9; g.lineWidth = 1; g.textAlign = "center"; g.textBaseline = "middle";
  for (const k of places.map((_, i) => i).sort((i, j) => (places[i][2] ?? 0) - (places[j][2] ?? 0))) {
    const [x, y, off] = places[k];
    g.beginPath(); g.arc(x, y, r, 0, 7); g.fillStyle = ground; g.fill(); g.stroke();
    g.fillStyle = ink; g.font = `${Math.abs(off ?? 0) < 0.3 ? "700" : "400"} ${Math.round(1.3 * r)}px ${font}`; g.fillText(symbols[k], x, y + 0.5);
  }
  g.restore();
}

// The unit stands above the bar, whose top left corner is (x, y); ticks are [place on the scale, text].
function paintColourBar(g, { x, y, h }, { stops, ticks, title }, ink, font) {
  const grad = g.createLinearGradient(0, y + h, 0, y);
  stops.forEach((c, i, all) => grad.addColorStop(i / (all.length - 1), c));
  g.fillStyle = grad; g.fillRect(x, y, 12, h);
  g.fillStyle = ink; g.textAlign = "left"; g.textBaseline = "middle"; g.font = `12px ${font}`; g.fillText(title, x, y - 14);
  for (const [t, text] of ticks) g.fillText(text, x + 17, y + h * (1 - t));
  g.textBaseline = "alphabetic";
}

// Words on a place of a field: its value, or why there is none.
function fieldWords(value, wall, digits, unit, sign) {
  if (wall <= 0) return "inside the wall";
  return Number.isFinite(value) ? `${sign && value > 0 ? "+" : ""}${minus(value.toFixed(digits))} ${unit}` : "not known here";
}
