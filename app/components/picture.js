// Saves Plotly figures that stand side by side as one picture. Plotly keeps each drawing as SVG layers in the page, and
// 3-D scenes on a canvas that it reads out itself.
const UNSEEN = ".hoverlayer, .draglayer, .zoomlayer, .selectionlayer, .menulayer";

function figureOf(key) {
  const place = document.querySelector(`.st-key-${key.replace(/[^a-zA-Z0-9_-]/g, "-")}`);
  return place?.querySelector(".js-plotly-plot") ?? null;
}

async function scenesOf(figure) {
  const full = figure._fullLayout, { l, t, w, h } = full._size, found = [];
  for (const name of full._subplots?.gl3d ?? []) {
    const { domain, _scene: scene } = full[name];
    const picture = await scene.toImage("png");
    found.push(`<image href="${picture}" x="${l + w * domain.x[0]}" y="${t + h * (1 - domain.y[1])}" width="${w * (domain.x[1] - domain.x[0])}" ` +
      `height="${h * (domain.y[1] - domain.y[0])}" preserveAspectRatio="none"/>`);
  }
  return found;
}

async function panelOf(figure, ground) {
  const box = figure.getBoundingClientRect(), write = new XMLSerializer(), layers = [];
  for (const layer of figure.querySelectorAll(".main-svg")) {
    const copy = layer.cloneNode(true);
    copy.querySelectorAll(UNSEEN).forEach((e) => e.remove());
    copy.removeAttribute("style");  // its ground would hide a scene below it
    layers.push(write.serializeToString(copy));
  }
  const scenes = await scenesOf(figure), paper = figure._fullLayout.paper_bgcolor ?? ground;
  const svg = `<svg width="${box.width}" height="${box.height}" viewBox="0 0 ${box.width} ${box.height}"><rect width="100%" height="100%" fill="${paper}"/>` +
    `${scenes.join("")}${layers.join("")}</svg>`;
  return { x: box.x, y: box.y, width: box.width, height: box.height, svg };
}

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".nci-picture"), said = root.querySelector(".said");
  const css = (name, fallback) => getComputedStyle(root).getPropertyValue(name).trim() || fallback;
  for (const button of root.querySelectorAll("button")) {
    button.onclick = async () => {
      said.textContent = "";
      try {
        const figures = data.figures.map(figureOf).filter(Boolean), ground = css("--st-background-color", "#fff");
        if (!figures.length) throw new Error("there is no figure");
        const look = { ground, ink: css("--st-text-color", "#222"), font: css("--st-font", "sans-serif") };
        const panels = await Promise.all(figures.map((figure) => panelOf(figure, ground)));
        await savePicture(composePicture(panels, { title: data.title, ...look }), button.dataset.kind, data.file);
      } catch (error) {
        said.textContent = `This picture could not be made: ${error.message}.`;
      }
    };
  }
}
