// Several panels as one picture, placed as on the page, with title, headings and legend: an SVG, or a PNG of it.
const PICTURE = { scale: 3, edge: 12, title: 34, heading: 24, line: 22, most: 16000 };

const forSvg = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

// Marks of a legend about the origin, as `plot.css` draws them.
const LEGEND_MARKS = {
  labelled: (c) => `<circle r="5" fill="#8a98a2" stroke="${c.ink}" stroke-width="1.5"/>`,
  plain: () => `<circle r="4" fill="#8a98a2"/>`,
  test: (c) => `<path d="M0 -6L6 0L0 6L-6 0Z" fill="#8a98a2" stroke="${c.ink}" stroke-width="1.5"/>`,
  basket: (c) => `<circle r="5" fill="none" stroke="${c.accent}" stroke-width="2.5"/>`,
  proposed: (c) => `<path d="M0 -6L6 5L-6 5Z" fill="${c.proposal}"/>`,
  marked: (c) => `<circle r="5" fill="none" stroke="${c.mark}" stroke-width="2" stroke-dasharray="3 2"/>`,
  square: () => `<rect x="-5" y="-5" width="10" height="10" fill="#8a98a2"/>`,
  line: (c, colour) => `<path d="M-9 0H9" stroke="${colour}" stroke-width="3"/>`,
};

function legendLines(legend, width, look) {
  const pen = document.createElement("canvas").getContext("2d"), lines = [];
  pen.font = `13px ${look.font}`;
  let x = width + 1;
  for (const [mark, text, colour] of legend) {
    const wide = 26 + pen.measureText(text).width + 18;
    if (x + wide > width) { lines.push([]); x = 0; }
    lines.at(-1).push({ x, mark, text, colour: colour ?? look.ink });
    x += wide;
  }
  return lines;
}

// panels: [{ x, y, width, height, svg, heading }] with `svg` the text of an <svg> of that size.
function composePicture(panels, { title = "", legend = [], ...look }) {
  const left = Math.min(...panels.map((p) => p.x)), top = Math.min(...panels.map((p) => p.y));
  const inner = Math.max(...panels.map((p) => p.x + p.width)) - left, tall = Math.max(...panels.map((p) => p.y + p.height)) - top;
  const { edge, line } = PICTURE, lines = legendLines(legend, inner, look), parts = [];
  const text = (x, y, words, style) => parts.push(`<text x="${x}" y="${y}" fill="${look.ink}" style="font:${forSvg(`${style} ${look.font}`)}">${forSvg(words)}</text>`);
  let y = edge;
  if (title) { text(edge, y + 20, title, "600 17px"); y += PICTURE.title; }
  if (panels.some((p) => p.heading)) {
    for (const p of panels) if (p.heading) text(edge + p.x - left, y + 15, p.heading, "600 14px");
    y += PICTURE.heading;
  }
  for (const p of panels) parts.push(p.svg.replace(/^<svg /, `<svg x="${edge + p.x - left}" y="${y + p.y - top}" `));
  y += tall;
  for (const row of lines) {
    for (const { x, mark, text: words, colour } of row) {
      const drawn = (LEGEND_MARKS[mark] ?? LEGEND_MARKS.plain)(look, colour);
      parts.push(`<g transform="translate(${edge + x + 10} ${y + line / 2})">${drawn}</g>`);
      text(edge + x + 24, y + line / 2 + 4.5, words, "13px");
    }
    y += line;
  }
  const width = Math.ceil(inner + 2 * edge), height = Math.ceil(y + edge);
  return { width, height, text: `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<rect width="${width}" height="${height}" fill="${look.ground}"/>${parts.join("\n")}</svg>` };
}

function downloadAs(address, name) {
  const a = document.createElement("a");
  a.href = address; a.download = name; a.click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

async function savePicture(picture, kind, file) {
  const drawing = URL.createObjectURL(new Blob([picture.text], { type: "image/svg+xml" }));
  if (kind === "svg") { downloadAs(drawing, `${file}.svg`); return; }
  const image = new Image();
  await new Promise((done, failed) => { image.onload = done; image.onerror = () => failed(new Error("the drawing cannot be shown")); image.src = drawing; });
  const scale = Math.min(PICTURE.scale, PICTURE.most / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale); canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(drawing);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  downloadAs(URL.createObjectURL(blob), `${file}.png`);
}
