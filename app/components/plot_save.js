// What a plot saves: plots that share one tool bar as one picture, with headings and legend; points as a table.
Object.assign(Plot.prototype, {
  savePicture() { this.saveAs("png"); },
  saveDrawing() { this.saveAs("svg"); },

  // Plots that are saved together, in the order of the page.
  together() {
    if (this.data.tools) return [this];
    const all = [...document.querySelectorAll(".nci-plot")].map((e) => e.plot);
    return all.filter((p) => p?.data && !p.data.bar_only && p.data.group === this.data.group && p.box.offsetParent);
  },

  // As the text of an <svg>; names inside begin with `prefix`, for those of one document are shared.
  asSvg(prefix) {
    const g = new SvgContext(this.w, this.h);
    paintBase(this, g); paintTop(this, g);
    return g.toString().replaceAll('id="', `id="${prefix}`).replaceAll("url(#", `url(#${prefix}`);
  },

  saveAs(kind) {
    const plots = this.together();
    if (plots[0] !== this) return;  // the first one saves for all
    const panels = plots.map((p, k) => {
      const box = p.box.getBoundingClientRect();
      return { x: box.x, y: box.y, width: p.w, height: p.h, svg: p.asSvg(`p${k}`), heading: p.data.title };
    });
    const seen = new Map(plots.flatMap((p) => p.data.legend).map((entry) => [JSON.stringify(entry), entry]));
    const look = { ground: this.css("--st-background-color", "#fff"), ink: this.css("--st-text-color", "#222"),
      font: this.css("--st-font", "sans-serif"), accent: this.data.accent, mark: this.data.mark_colour, proposal: this.data.proposal_colour };
    const file = plots.length > 1 ? this.data.file.replace(/-\d+$/, "") : this.data.file;
    savePicture(composePicture(panels, { legend: [...seen.values()], ...look }), kind, file);
  },

  saveTable() {
    const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const save = (rows) => downloadAs(URL.createObjectURL(new Blob([rows.join("\n") + "\n"], { type: "text/csv" })), `${this.data.file}.csv`);
    if (this.bins) {
      const b = this.bins, head = [`${this.data.x_label}, from`, `${this.data.y_label}, from`, "side", "configurations"];
      return save([[...head, `mean (${this.data.bar?.title ?? ""})`].map(quoted).join(","),
        ...Array.from(b.x, (x, i) => [x, b.y[i], b.size, b.count[i], isFinite(b.mean[i]) ? b.mean[i] : ""].join(","))]);
    }
    const names = this.data.hover.map((h) => (h.unit ? `${h.label} (${h.unit})` : h.label));
    const rows = [["configuration", this.data.x_label, this.data.y_label, ...names].map(quoted).join(",")];
    for (let i = 0; i < this.ids.length; i++) {
      const cells = this.data.hover.map((h, k) => {
        const v = this.values[k][i];
        return h.names.length ? quoted(v >= 0 ? h.names[v] : "") : isFinite(v) ? v : "";
      });
      rows.push([this.ids[i], this.x[i], this.y[i], ...cells].join(","));
    }
    save(rows);
  },
});
