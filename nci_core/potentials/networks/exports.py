"""A fine-tuned network for others: MACE's own `.model`, and the file that LAMMPS reads, made by MACE's own exporter."""

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch

from nci_core.children import child_environment, python_command
from nci_core.errors import ModelError
from nci_core.files import write_atomically, write_whole
from nci_core.potentials.networks.ensemble import Network
from nci_core.potentials.networks.package import float64

#: What a file for LAMMPS is called at its end; MACE appends it.
LAMMPS = "-lammps.pt"
#: Seconds after which MACE's exporter counts as lost.
PATIENCE = 900.0


def write_mace_model(network: Network, path: Path) -> Path:
    """Write a network as MACE's own tools read it, a pickle of MACE's classes; the file is whole or absent."""
    data = io.BytesIO()
    with float64():
        torch.save(network.module.cpu(), data)
    write_atomically(path, data.getvalue())
    return path


def write_lammps(network: Network, path: Path) -> Path:
    """Write a network for LAMMPS's `pair_style mace`; ModelError with MACE's last line when it makes no file."""
    with tempfile.TemporaryDirectory(prefix="nci-lammps-") as folder:
        made = write_mace_model(network, Path(folder) / "network.model")
        try:
            run = subprocess.run(
                python_command("mace.cli.create_lammps_model", made.name, "--dtype=float64"),
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
                env=child_environment() | {"PYTHONWARNINGS": "ignore"},
            )
        except subprocess.TimeoutExpired:
            raise ModelError(f"MACE's exporter had not finished after {PATIENCE / 60:.0f} minutes.") from None
        compiled = made.with_name(made.name + LAMMPS)
        if not compiled.is_file():
            last = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()][-1:] or ["nothing"]
            raise ModelError(f"MACE's exporter made no file; the last it said was: {last[0].strip()[:300]}.")
        write_whole(path, lambda part: shutil.copyfile(compiled, part))
    return path
