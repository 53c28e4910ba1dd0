// The plot as a vector drawing: records what the painting functions ask of a 2-D context.
class SvgContext {
  constructor(width, height) {
    Object.assign(this, { width, height, parts: [], defs: [], stack: [], path: [], matrix: [1, 0, 0, 1, 0, 0], clipping: "", dash: [],
      fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, globalAlpha: 1, font: "12px sans-serif", textAlign: "left", textBaseline: "alphabetic" });
  }

  static kept = ["matrix", "clipping", "dash", "fillStyle", "strokeStyle", "lineWidth", "globalAlpha", "font", "textAlign", "textBaseline"];

  save() { this.stack.push(Object.fromEntries(SvgContext.kept.map((k) => [k, this[k]]))); }
  restore() { Object.assign(this, this.stack.pop()); }
  setLineDash(dash) { this.dash = dash; }

  translate(x, y) { const [a, b, c, d, e, f] = this.matrix; this.matrix = [a, b, c, d, a * x + c * y + e, b * x + d * y + f]; }
  rotate(t) {
    const [a, b, c, d, e, f] = this.matrix, u = Math.cos(t), v = Math.sin(t);
    this.matrix = [a * u + c * v, b * u + d * v, c * u - a * v, d * u - b * v, e, f];
  }

  beginPath() { this.path = []; }
  moveTo(x, y) { this.path.push(`M${this.n(x)} ${this.n(y)}`); }
  lineTo(x, y) { this.path.push(`${this.path.length ? "L" : "M"}${this.n(x)} ${this.n(y)}`); }
  closePath() { this.path.push("Z"); }
  rect(x, y, w, h) { this.path.push(`M${this.n(x)} ${this.n(y)}h${this.n(w)}v${this.n(h)}h${this.n(-w)}Z`); }
  // Only whole circles are drawn.
  arc(x, y, r) { this.path.push(`M${this.n(x + r)} ${this.n(y)}a${r} ${r} 0 1 1 ${-2 * r} 0a${r} ${r} 0 1 1 ${2 * r} 0Z`); }

  clip() {
    const id = `c${this.defs.length}`;
    this.defs.push(`<clipPath id="${id}"><path d="${this.path.join("")}"${this.placed()}/></clipPath>`);
    this.clipping = id;
  }

  fill() { this.add(`<path d="${this.path.join("")}" fill="${this.paint(this.fillStyle)}"${this.placed()}/>`); }
  stroke() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    this.add(`<path d="${this.path.join("")}" fill="none" stroke="${this.paint(this.strokeStyle)}" stroke-width="${this.lineWidth}"${dash}${this.placed()}/>`);
  }

  fillRect(x, y, w, h) { this.beginPath(); this.rect(x, y, w, h); this.fill(); }
  fillText(text, x, y) {
    const anchor = { center: "middle", right: "end" }[this.textAlign] ?? "start";
    // Font metrics differ between programs that show the file; these shifts fit common fonts.
    const size = Number(this.font.match(/([\d.]+)px/)?.[1] ?? 12), shift = { top: 0.8, middle: 0.35 }[this.textBaseline] ?? 0;
    this.add(`<text x="${this.n(x)}" y="${this.n(y + shift * size)}" text-anchor="${anchor}" fill="${this.paint(this.fillStyle)}"` +
      ` style="font:${this.escaped(this.font)}"${this.placed()}>${this.escaped(text)}</text>`);
  }

  drawImage(canvas, x, y, w, h) {
    this.add(`<image href="${canvas.toDataURL()}" x="${this.n(x)}" y="${this.n(y)}" width="${this.n(w)}" height="${this.n(h)}" preserveAspectRatio="none"${this.placed()}/>`);
  }

  createLinearGradient(x0, y0, x1, y1) {
    const stops = [], id = `g${this.defs.length}`, place = this.defs.push("") - 1;
    return { id, addColorStop: (at, colour) => {
      stops.push(`<stop offset="${at}" stop-color="${colour}"/>`);
      this.defs[place] = `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="${x0}" y1="${y0}" x2="${x1}" y2="${y1}">${stops.join("")}</linearGradient>`;
    } };
  }

  n(value) { return Math.round(value * 100) / 100; }
  escaped(text) { return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;"); }
  paint(style) { return style.id ? `url(#${style.id})` : style; }
  placed() { return this.matrix.join() === "1,0,0,1,0,0" ? "" : ` transform="matrix(${this.matrix.map((v) => this.n(v)).join(" ")})"`; }
  add(part) {
    const alpha = this.globalAlpha < 1 ? ` opacity="${this.globalAlpha}"` : "", clip = this.clipping ? ` clip-path="url(#${this.clipping})"` : "";
    this.parts.push(alpha || clip ? `<g${alpha}${clip}>${part}</g>` : part);
  }

  toString() {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}">` +
      `<defs>${this.defs.join("")}</defs>${this.parts.join("\n")}</svg>`;
  }
}
