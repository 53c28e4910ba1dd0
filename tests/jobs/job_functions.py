"""Jobs for the tests. Each appends its finished work to a file, so that what happened can be counted."""

import ctypes
import errno
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from nci_core.errors import InputError, StoreBusyError
from nci_core.jobs import JobContext
from nci_core.store import journal


def note(context: JobContext, text: str) -> None:
    path = context.campaign_dir / "notes.txt"
    with path.open("a") as stream:
        stream.write(f"{context.job_id} {context.attempt} {text}\n")


def notes(folder: Path, text: str = "end") -> list[tuple[int, int]]:
    """(job, attempt) of every note with this text, in order."""
    path = folder / "notes.txt"
    lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    return [(int(job), int(attempt)) for job, attempt, said in lines if said == text]


def sleep(context: JobContext) -> dict[str, Any]:
    """Sleep in C, deaf to signals but SIGKILL, for payload["seconds"] or until payload["until"] exists."""
    note(context, "begin")
    if "until" in context.payload:
        while not (context.campaign_dir / context.payload["until"]).exists():
            time.sleep(0.05)
    time.sleep(context.payload.get("seconds", 0.0))
    note(context, "end")
    return {"slept": True}


def grip(context: JobContext) -> dict[str, Any]:
    """Hold Python's lock in C for payload["seconds"], as a long call into a library may: no other thread runs."""
    note(context, "begin")
    ctypes.PyDLL(None).sleep(int(context.payload["seconds"]))
    note(context, "end")
    return {}


def polite(context: JobContext) -> dict[str, Any]:
    """A fit that reports a curve and stops when asked, saving what it has."""
    for step in range(2000):
        context.progress(step / 2000, f"step {step}")
        context.event({"loss_cm1": 1.0 / (1 + step)})
        if step == 0:
            note(context, "begin")
        if context.should_stop():
            note(context, "saved")
            context.stop_if_asked()
        time.sleep(0.02)
    return {}


def fail(context: JobContext) -> dict[str, Any]:
    """An error with a sentence, one without, or the end of the process."""
    if context.payload["how"] == "input":
        raise InputError("The atoms overlap.")
    if context.payload["how"] == "bug":
        raise ValueError("negative mass\nand more")
    if context.payload["how"] == "exit":
        print("Fatal: no licence.", flush=True)
        os._exit(9)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def label(context: JobContext) -> dict[str, Any]:
    """Sleep, then record a label as the real job does."""
    sleep(context)
    journal.record_label(context.store, context.payload["label_id"], {"energy_ev": -0.01, "cpu_seconds": 2.0})
    return {}


def full(context: JobContext) -> dict[str, Any]:
    """A disk that is full, in the words of payload["how"], until the file "room" is there."""
    note(context, "begin")
    if not (context.campaign_dir / "room").exists():
        if context.payload["how"] == "file":
            raise OSError(errno.ENOSPC, "No space left on device")
        if context.payload["how"] == "hdf5":
            raise OSError("Unable to create dataset (file write failed: error message = 'No space left on device')")
        if context.payload["how"] == "sqlite":
            raise sqlite3.OperationalError("database or disk is full")
        raise StoreBusyError("The disk is full.")
    return {}


def parent(context: JobContext) -> dict[str, Any]:
    """A job with a process of its own."""
    child = subprocess.Popen(["sleep", "600"])
    (context.campaign_dir / "grandchild").write_text(str(child.pid))
    child.wait()
    return {}


def memory(context: JobContext) -> dict[str, Any]:
    """Fill memory, in this process or in one of its own, and keep it."""
    code = f"import time; kept = b'x' * int({context.payload['gb']} * 1e9); time.sleep(600)"
    if context.payload.get("in_child"):
        subprocess.run([sys.executable, "-c", code], check=False)
    else:
        exec(code)
    return {}


def alive(context: JobContext) -> dict[str, Any]:
    """Compute without a word, or report without computing, for payload["seconds"]."""
    end = time.monotonic() + context.payload["seconds"]
    while time.monotonic() < end:
        if context.payload["how"] == "report":
            context.progress(0.5, f"{end - time.monotonic():.1f} s left")
            time.sleep(0.1)
    return {}


def triples(context: JobContext) -> dict[str, Any]:
    """(T) of benzene from orbitals and amplitudes that are not converged: minutes, nearly all inside compiled code."""
    from pyscf import cc, gto, scf

    from nci_core.systems import builtin_monomer

    host = builtin_monomer("benzene")
    atoms = list(zip(host.symbols, host.positions.tolist(), strict=True))
    mf = scf.RHF(gto.M(atom=atoms, basis="cc-pvdz", verbose=0)).run(max_cycle=1)
    solver = cc.CCSD(mf)
    integrals = solver.ao2mo()
    _, t1, t2 = solver.init_amps(integrals)
    context.progress(0.1, "(T)")
    context.flush()
    solver.ccsd_t(t1, t2, integrals)
    note(context, "end")
    return {}
