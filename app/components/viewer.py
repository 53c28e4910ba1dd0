"""The 3-D view of one configuration."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.components.mounted import mounted
from app.theme import Palette
from nci_core.systems import Dimer

STATIC = Path(__file__).parents[1] / "static"
LOCAL_SCRIPT = "3dmol/3Dmol-min.js"
CDN_SCRIPT = "https://cdn.jsdelivr.net/npm/3dmol@2.5.4/build/3Dmol-min.js"


def scene(dimer: Dimer, position: npt.ArrayLike, colours: Palette) -> dict[str, Any]:
    """What the browser draws: the structure as xyz text and the shortest host–probe distance."""
    point = np.asarray(position, dtype=float)
    host = dimer.a
    length = np.linalg.norm(host.positions - point, axis=1)
    nearest = int(length.argmin())
    atoms = [*zip(host.symbols, host.positions.tolist(), strict=True), (dimer.b.symbols[0], point.tolist())]
    # No name of a file among the atoms, nor in the page that is saved.
    lines = [str(len(atoms)), "host and probe", *(f"{s} {x:.5f} {y:.5f} {z:.5f}" for s, (x, y, z) in atoms)]
    return {
        "xyz": "\n".join(lines),
        "probe_index": len(host.symbols),
        "probe_colour": colours.student,
        "contact": {
            "ends": [host.positions[nearest].tolist(), point.tolist()],
            "text": f"{length[nearest]:.2f} Å",
        },
    }


def show(
    dimer: Dimer, position: npt.ArrayLike, colours: Palette, *, key: str, height: int = 340, others: npt.ArrayLike = ()
) -> bool:
    """Draw the configuration; False when the browser could not load 3Dmol.js.

    `others` are further probe positions (m, 3), drawn as small spheres. The camera stays where the
    user left it, also after a change of page.
    """
    local = ["app/static/" + LOCAL_SCRIPT] if (STATIC / LOCAL_SCRIPT).exists() else []  # if set-up fetched it
    data = scene(dimer, position, colours) | {
        "sources": [*local, CDN_SCRIPT],
        "height": height,
        "camera": dimer.name,
        "others": np.asarray(others, dtype=float).reshape(-1, 3).round(4).tolist(),
        "others_colour": colours.teacher,
    }
    before = st.session_state.get(key)
    failed = bool(getattr(before, "failed", None))  # nothing is drawn there then: it takes no room
    result = mounted("viewer")(key=key, data=data, height=1 if failed else height, on_failed_change=lambda: None)
    return not getattr(result, "failed", None)


def standalone_html(dimer: Dimer, position: npt.ArrayLike, colours: Palette) -> str:
    """A self-contained page with the structure, made by py3Dmol; it needs no network if the script was fetched."""
    import py3Dmol

    drawn = scene(dimer, position, colours)
    script = STATIC / LOCAL_SCRIPT
    view = py3Dmol.view(width=900, height=640, js=CDN_SCRIPT)
    view.addModel(drawn["xyz"], "xyz")
    view.setStyle({"stick": {"radius": 0.11}, "sphere": {"scale": 0.24}})
    view.setStyle({"index": drawn["probe_index"]}, {"sphere": {"radius": 0.55, "color": drawn["probe_colour"]}})
    view.zoomTo()
    page: str = view.write_html(fullpage=True)
    if script.exists():
        # py3Dmol takes a script's address only; with the script itself in the page no address is asked.
        page = page.replace("<body>", f"<body><script>{script.read_text(encoding='utf-8')}</script>", 1)
    return page
