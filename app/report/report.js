// Draws each figure in the colours of the reader's theme, and in light for paper, plots then as vector drawings.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const read = (name) => [...document.querySelectorAll(`[data-${name}]`)].map((place) =>
  [place, JSON.parse(document.getElementById(place.dataset[name]).textContent)]);
const figures = read("figure"), rows = read("plots");
const drawFigures = (theme, width) => Promise.all(figures.map(([place, both]) => Plotly.react(place, both[theme].data,
  {...both[theme].layout, width, autosize: !width}, {responsive: !width, displaylogo: false})));
const drawPlots = (theme) => rows.forEach(([place, both]) => both[theme].forEach(({data, points}, k) => {
  const panel = place.children[k];
  panel.dismount?.();
  if (points) mount({data: {name: data.name, points}});
  panel.dismount = mount({data, parentElement: panel, setTriggerValue() {}});
}));
const now = () => {
  document.body.classList.remove("paper");
  drawPlots(dark.matches ? "dark" : "light");
  return drawFigures(dark.matches ? "dark" : "light");
};
// A sheet of A4 with usual margins is about 700 pixels wide; figures cannot see that themselves.
const paper = () => {
  document.body.classList.add("paper");
  drawFigures("light", 680);
  drawPlots("light");
  document.querySelectorAll(".row .panel").forEach((panel, k) => {
    const {plot} = panel.querySelector(".nci-plot");
    plot.resize(true);
    panel.querySelector(".drawing").innerHTML = plot.asSvg(`d${k}-`);
  });
};
dark.addEventListener("change", now);
window.addEventListener("beforeprint", paper);
window.addEventListener("afterprint", now);
now().then(() => document.body.dataset.drawn = "yes");
