"""System: engine, workers, machine, logs and versions, and what people may do here."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import psutil
import streamlit as st

from app.access import DOCUMENT
from app.choices import one_from
from app.data.system import workers
from app.session import Context, errors_shown
from app.tables import grid
from app.text import Markdown, code, plain
from nci_core.campaign import home
from nci_core.jobs import machine
from nci_core.jobs.lock import EngineStatus, engine_status
from nci_core.jobs.processes import hostname
from nci_core.store import job_queries
from nci_core.switches import READ_ONLY, is_on, read_only

#: Seconds between two looks.
POLL = 5.0


def show(context: Context | None) -> None:
    """The page; without a campaign, what there is to say of the machine."""
    st.title("System", help="What runs here, on what, and with which versions; refreshed every few seconds.")
    st.fragment(_now, run_every=POLL)(context)
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        if context is not None:
            _logs(context)
        st.subheader("What people may do here")
        st.markdown(_allowed(context))
    with right:
        st.subheader("Versions")
        versions = pd.DataFrame(machine.versions(), columns=["Package", "Version"])
        st.dataframe(versions, hide_index=True, height="content", key="versions")


def _now(context: Context | None) -> None:
    with errors_shown():
        _machine(context)
        if context is not None:
            _engine(context)


def _machine(context: Context | None) -> None:
    found = machine.machine(context.campaign.folder if context else home())
    st.markdown(f"**{plain(found.name)}** · {plain(found.processor)}")
    first, second, third, fourth = st.columns([1, 1, 1, 1.6])
    first.metric("Cores", f"{found.cores:d}", help="Available to this dashboard.")
    second.metric(
        "Load", f"{found.load:.1f}", help="Average number of processes that were ready to run, over the last minute."
    )
    third.metric("Memory free (GB)", f"{found.memory_free_gb:.1f}", help=f"Of {found.memory_gb:.1f} GB.")
    disk = f"Of {found.disk_gb:.0f} GB, where the campaigns lie."
    fourth.metric("Disk free (GB)", f"{found.disk_free_gb:.1f}", help=disk)
    st.markdown("**GPU** " + ("; ".join(plain(each) for each in found.gpus) if found.gpus else "none found"))


def _engine(context: Context) -> None:
    st.subheader("Engine and jobs")
    status = engine_status(context.campaign.folder)
    counts = job_queries.counts_by_kind(context.campaign.store)
    running, waiting = (sum(n for (_, at), n in counts.items() if at == state) for state in ("running", "waiting"))
    st.markdown(f"{_words(status)}. {running:,} running, {waiting:,} waiting.")
    if status.error:
        st.warning(plain(machine.without_secrets(status.error)), icon=":material/warning:")
    rows = workers(context.campaign.store)
    if rows.empty:
        st.caption("No job runs now.")
        return
    specs = {"Minutes": ".1f", "Done (%)": ".0f", "CPU (s)": ".0f", "Memory (GB)": ".2f"}
    grid(rows, specs, key="workers")


def _words(status: EngineStatus) -> Markdown:
    """Whether the engine runs, where and since when."""
    if not status.running:
        return "**Not running**; it starts with the next job and ends when there is nothing left to do"
    where = plain(status.host or "an unnamed machine")
    at_once = f"; {status.workers:d} jobs at once" if status.workers else ""
    scheduler = f". Scheduler {code(machine.without_secrets(status.scheduler))}" if status.scheduler else ""
    process = plain(status.pid or "?")
    since = _since(status.pid, status.host)
    return f"**Running** ({plain(status.phase)}), process {process} on {where}{since}{at_once}{scheduler}"


def _since(pid: int | None, host: str | None) -> Markdown:
    if pid is None or host != hostname():
        return ""
    try:
        begun = datetime.fromtimestamp(psutil.Process(pid).create_time(), UTC)
    except psutil.Error:
        return ""
    return ", since " + plain(f"{begun:%Y-%m-%d %H:%M} UTC")


def _logs(context: Context) -> None:
    st.subheader("Logs")
    folder = Path(context.campaign.folder)
    names = machine.log_names(folder)
    if not names:
        st.caption("Nothing has run in this campaign yet.")
        return
    name = one_from(
        st,
        "Log",
        {file: "engine" if file == "engine.log" else file.removesuffix(".log").replace("-", " ") for file in names},
        key="system_log",
    )
    text = machine.log_tail(folder, str(name))
    st.code(text or "(empty)", language=None, height=260)
    st.caption(f"The end of {code(folder / machine.LOGS / str(name))}. Passwords and tokens are left out.")


def _allowed(context: Context | None) -> Markdown:
    lines = [
        f"**Read-only demonstration** ({READ_ONLY}): nothing can be changed; looking, selecting for oneself and "
        "downloading are allowed."
        if read_only()
        else "**Everybody who is let in** may pick, label, fit, roll back and write notes; names are kept with "
        "what is done.",
    ]
    if is_on("NCI_LOGIN"):
        lines.append(
            "**Sign-in** is on: only people whom the installation's OpenID Connect provider knows are let in "
            f"({DOCUMENT})."
        )
    else:
        lines.append(f"**No sign-in**: whoever reaches this port is let in ({DOCUMENT} says how to change that).")
    if context is not None:
        store = context.campaign.store
        place = code(store.server) if store.server else "a file in the campaign's folder"
        lines.append(f"**Database**: {place}.")
        lines.append(f"**You** are {plain(context.person)}.")
    lines.append(f"**Campaigns** lie in {code(home())}.")
    return "\n".join(f"- {line}" for line in lines)
