"""How long fits, energies and choices of labels take: the part Processor and GPU of the page Benchmarks."""

import pandas as pd
import streamlit as st

from app.session import Context
from app.text import plain
from app.views.benchmark_table import Column, draw
from nci_core.bench.device_rows import FILE, compared, read_devices
from nci_core.bench.targets import STORED
from nci_core.campaign.exchange.archive import data_folder

COLUMNS = {
    "Device": Column("device"),
    "What": Column("what"),
    "Labels or positions": Column("size"),
    "Seconds": Column("seconds", ".3g"),
    "Per second": Column("per_second", ",.0f"),
    "Times one core": Column("times", ",.1f"),
    "Memory (GB)": Column("memory_gb", ".2f"),
    "Predicted (GB)": Column("predicted_gb", ".2f"),
    "Furthest from the core (cm⁻¹)": Column("difference_cm1", ".1g"),
}


def show_devices(context: Context) -> None:
    """One table."""
    rows = read_devices(data_folder() / STORED / FILE)
    gpus = sorted({row.device for row in rows if row.on_gpu})
    st.caption(
        "Fits to made-up labels of helium over benzene, energies of a model of four optima and choices out of 10,000 "
        "places. Times of a core are CPU seconds, those of a GPU by the clock.",
        help="python benchmarks/gpu.py --out data/benchmarks/devices.jsonl measures yours.",
    )
    if gpus:
        st.caption(f"GPU: {plain(', '.join(gpus))}.")
    else:
        st.info(
            "These rows are of a processor. None was measured on a GPU yet; `python benchmarks/gpu.py` on a machine "
            "with one adds its rows.",
            icon=":material/memory:",
        )
    draw(pd.DataFrame(compared(rows)), COLUMNS, key="benchmark-devices")
