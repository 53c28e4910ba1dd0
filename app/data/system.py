"""What runs on this machine, as a table."""

import pandas as pd

from app.data.jobs import KINDS
from nci_core.jobs import machine
from nci_core.store import jobs
from nci_core.store.database import Store
from nci_core.store.job_tables import elapsed_minutes


def workers(store: Store) -> pd.DataFrame:
    """What runs now: one row a running job, with processor and memory of its processes on this machine."""
    rows = []
    for job in jobs.fetch(store, states=["running"]):
        cpu, memory = machine.used_by(job)
        rows.append(
            {
                "Job": job.id,
                "Kind": KINDS.get(job.kind, job.kind),
                "Machine": job.host or "",
                "Process": job.pid,
                "Minutes": elapsed_minutes(job.started_at, None),
                "Done (%)": 100.0 * job.progress,
                "CPU (s)": cpu,
                "Memory (GB)": memory,
                "Says": job.message,
            }
        )
    return pd.DataFrame(rows)
