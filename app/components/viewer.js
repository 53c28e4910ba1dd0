// The 3-D view: 3Dmol.js from our own server, else from its CDN; else it says so and Python draws with Plotly.
function script(source) {
  return new Promise((done, failed) => {
    const tag = document.createElement("script");
    tag.src = source; tag.onload = done; tag.onerror = () => { tag.remove(); failed(new Error(source)); };
    document.head.append(tag);
  });
}

async function library(sources) {
  for (const source of sources) {
    if (window.$3Dmol) return;
    try { await script(source); } catch { /* the next source, or the message below */ }
  }
  if (!window.$3Dmol) throw new Error("3Dmol.js could not be loaded");
}

// Whether the probe lies outside the part of space that the camera shows.
function outside(view, box, data) {
  const [x, y, z] = data.contact.ends[1], p = view.modelToScreen({ x, y, z }), r = box.getBoundingClientRect();
  const left = p.x - window.scrollX - r.left, top = p.y - window.scrollY - r.top, edge = 24;
  return !(left > edge && top > edge && left < r.width - edge && top < r.height - edge);
}

function draw(root, data) {
  const style = getComputedStyle(root), text = style.getPropertyValue("--st-text-color").trim() || "#222222";
  const ground = style.getPropertyValue("--st-secondary-background-color").trim() || "#eeeeee";
  const first = !root.viewer;
  const box = root.querySelector(".scene");
  if (first) root.viewer = window.$3Dmol.createViewer(box, { antialias: true, id: `nci-${Date.now()}` });
  const view = root.viewer, camera = `nci-camera-${data.camera}`;
  view.setBackgroundColor(ground, 1);
  view.removeAllModels(); view.removeAllShapes(); view.removeAllLabels();
  view.addModel(data.xyz, "xyz");
  view.setStyle({}, { stick: { radius: 0.11 }, sphere: { scale: 0.24 } });
  view.setStyle({ index: data.probe_index }, { sphere: { radius: 0.55, color: data.probe_colour } });
  for (const point of data.others) {
    view.addSphere({ center: { x: point[0], y: point[1], z: point[2] }, radius: 0.13, color: data.others_colour, alpha: 0.8 });
  }
  if (data.contact) {
    const [a, b] = data.contact.ends.map(([x, y, z]) => ({ x, y, z }));
    view.addLine({ start: a, end: b, dashed: true, color: text, linewidth: 2 });
    view.addLabel(data.contact.text, {
      position: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, z: (a.z + b.z) / 2 },
      fontColor: text, backgroundColor: ground, backgroundOpacity: 0.75, fontSize: 13, inFront: true,
    });
  }
  let kept = null;
  try { kept = JSON.parse(sessionStorage.getItem(camera)); } catch { kept = null; }
  if (kept) {
    if (first || root.camera !== camera) view.setView(kept);
    if (outside(view, box, data)) view.zoomTo(); // from the same side, but all of it
  }
  else { view.rotate(-62, "x"); view.zoomTo(); view.zoom(1.1); }
  if (first) view.setViewChangeCallback((now) => { try { sessionStorage.setItem(root.camera, JSON.stringify(now)); } catch { /* full */ } });
  root.camera = camera;
  root.reset = () => { sessionStorage.removeItem(root.camera); view.setView([0, 0, 0, 0, 0, 0, 0, 1]); view.rotate(-62, "x"); view.zoomTo(); view.zoom(1.1); view.render(); };
  view.render();
  box.dataset.ready = "1";
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const root = parentElement.querySelector(".nci-viewer");
  root.querySelector(".scene").style.height = `${data.height}px`;
  root.querySelector("button").onclick = () => root.reset?.();
  root.latest = data;
  library(data.sources).then(() => draw(root, root.latest)).catch(() => {
    root.style.display = "none"; // Python draws instead
    setStateValue("failed", true);
  });
  return () => {
    // Give the WebGL context back: browsers allow about sixteen in all.
    const canvas = root.querySelector("canvas");
    canvas?.getContext("webgl2")?.getExtension("WEBGL_lose_context")?.loseContext();
    root.viewer = null;
  };
}
