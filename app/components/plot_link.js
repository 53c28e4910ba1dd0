// The part of a plot in sight as a parameter of a shared link: "side:0,6.5,-1,4" is view, then left, right, bottom and
// top in axis units. `copy_link.py` takes it from `data-zoom`; the page that opens the link shows it once.
Object.assign(Plot.prototype, {
  tellZoom() {
    const { right, bottom } = this.frame(), ends = [this.ux(this.left), this.ux(right), this.uy(bottom), this.uy(TOP)];
    if (this.held) this.box.dataset.zoom = `${this.data.view}:${ends.map((v) => Number(v.toPrecision(6))).join(",")}`;
    else delete this.box.dataset.zoom;
  },

  // What the address asks this plot to show; null once a person has moved the view.
  linked() {
    const link = (window.nciLinkedView ??= { at: window.location.pathname, zoom: new URLSearchParams(window.location.search).get("zoom") ?? "" });
    const [view, text = ""] = link.zoom.split(":"), ends = text.split(",").map(Number);
    const good = ends.length === 4 && ends.every(Number.isFinite) && ends[0] < ends[1] && ends[2] < ends[3];
    return good && view === String(this.data.view) && link.at === window.location.pathname ? ends : null;
  },

  showLinked() {
    const ends = this.linked();
    if (!ends) return;
    if (this.data.link_view) { // panels side by side follow the first, so that they keep one scale
      if (!this.shared.lead?.box.isConnected) this.shared.lead = this;
      if (this.shared.lead !== this) { this.heard("nci-view", { group: this.data.group, from: this.shared.lead }); return; }
    }
    const [x0, x1, y0, y1] = ends, { right, bottom } = this.frame();
    this.sx = (right - this.left) / (x1 - x0); this.sy = (bottom - TOP) / (y1 - y0);
    if (this.data.equal) this.sx = this.sy = Math.min(this.sx, this.sy);
    this.cx = (x0 + x1) / 2; this.cy = (y0 + y1) / 2; this.held = true;
    if (this.data.link_view) { Object.assign(this.shared, { at: [this.ux(this.left), this.cy, this.sx, this.sy], view: this.view }); this.tell("nci-view"); }
    this.tellRange();
  },

  forgetLink() { if (window.nciLinkedView) window.nciLinkedView.zoom = ""; },

  // Where points are too many to be drawn at once, the page sends those in sight.
  tellRange() {
    if (!this.data.aggregated) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      const { right, bottom } = this.frame();
      this.send("range", { x: [this.ux(this.left), this.ux(right)], y: [this.uy(bottom), this.uy(TOP)], at: Date.now() });
    }, 200);
  },
});
