"""MACE models as teachers: foundation models by name, or any local `.model` file.

Batatia et al., NeurIPS 2022, arXiv:2206.07697; foundation models arXiv:2401.00096. The models
mace-omat, matpes and omol are under the Academic Software License (no commercial use).
"""

import hashlib
import importlib.metadata
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nci_core.errors import TeacherError
from nci_core.teachers.catalogue import find_preset
from nci_core.teachers.downloads import Source, TeacherFile, fetched, sha256_of
from nci_core.teachers.identity import Identity, weights_sha256
from nci_core.teachers.networks import BATCH_SIZE, UNSAFE_LOAD, FloatArray, NetworkTeacher, device_of, split_head
from nci_core.teachers.registry import TeacherOptions, is_path

__all__ = ["BATCH_SIZE", "UNSAFE_LOAD", "MaceTeacher", "open_teacher"]

#: Where the names of foundation models and their addresses stand in mace-torch, with what our names have before them.
TABLES = (("mace_mp_urls", ""), ("mace_off_urls", "off-"), ("polar_model_urls", ""))


class MaceTeacher(NetworkTeacher):
    """E_AB − E_A − E_B and the force on the probe from a MACE model, in batches and in float64.

    A `.model` file is a pickle: loading it runs whatever code is in it. A local file is therefore
    loaded only with consent (`trusted`) or when its SHA-256 digest is the expected one.

    Args:
        model: foundation model name ("medium-omat-0", "off-medium", "omol", …) or path of a file.
        device: "auto" (cuda if there is one), "cpu" or "cuda".
        trusted: consent to run the code in a local file.
        sha256: digest that a local file must have; stands in for consent.
        head: head of a multi-head model; None for the only one, or the one called default.
    """

    def __init__(
        self,
        model: str,
        *,
        device: str = "auto",
        trusted: bool = False,
        sha256: str | None = None,
        head: str | None = None,
    ) -> None:
        self.model, self.trusted, self.expected, self.head = model, trusted, sha256, head
        self.path = Path(model) if is_path(model) else None
        super().__init__(f"mace:{model}" + (f"#{head}" if head else ""), self._open, "mace-torch", device=device)
        if self.path is not None:
            if not self.path.is_file():
                raise TeacherError(f"There is no file {self.path}; give the path of a MACE .model file.")
            self.digest = sha256_of(self.path)
            # By content, so that a moved file is still the same teacher and a changed one is not.
            self.name = f"mace:{self.path.stem}@{self.digest[:12]}" + (f"#{head}" if head else "")

    def identity(self) -> Identity:
        """A file by its digest, a foundation model by that of the weights that were downloaded; loads the latter."""
        if self.path is not None:
            return Identity(self.name, {"sha256": self.digest})
        digest = self.engine.digest
        return Identity(f"{self.name}@{digest[:12]}", {"weights_sha256": digest})

    def _open(self, device: str) -> "_Loaded":
        self._check_consent()
        file = TeacherFile(self.path, self.digest) if self.path is not None else foundation_file(self.model)
        return _Loaded(read_network(file), device_of(device), self.head, self.name)

    def _run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        try:
            return super()._run(batch)
        except TeacherError as error:
            cause = error.__context__
            raise of_another_version(self.name, cause) if isinstance(cause, AttributeError) else error from None

    def network(self) -> tuple[Any, str]:
        """MACE's network in float64, read as `check` reads it, and its head that was chosen; for fine-tuning."""
        loaded = self.engine
        assert isinstance(loaded, _Loaded)
        return loaded.network, loaded.head

    def _check_consent(self) -> None:
        if self.path is None:
            return
        if self.expected is not None:
            if self.expected.lower() != self.digest:
                raise TeacherError(
                    f"{self.path} has the SHA-256 digest {self.digest}, not the expected {self.expected}; "
                    "it is not the file that was checked, so it is not loaded; if you trust this one, give its digest "
                    "with --sha256."
                )
        elif not self.trusted:
            raise TeacherError(
                f"{self.path} is a pickle, which can run any code when it is loaded; if you trust where it comes from, "
                f"give its SHA-256 digest (--sha256 {self.digest}) or say so (--trust)."
            )


def foundation_file(name: str) -> TeacherFile:
    """The file of a foundation model, downloaded unless it is here: of the catalogue, or of a newer mace-torch."""
    preset = find_preset(f"mace:{name}")
    if preset is not None:
        return fetched(preset)
    foundations = _import_mace().calculators.foundations_models
    urls = {f"{mark}{key}": url for table, mark in TABLES for key, url in getattr(foundations, table, {}).items()}
    if name not in urls:
        raise TeacherError(
            f"Unknown MACE foundation model {name!r}; choose one of {', '.join([*urls, 'omol'])}, "
            "or give a local file as mace:/path/to/x.model."
        )
    return fetched(Source(f"mace:{name}", urls[name], urls[name].rpartition("/")[2].partition("?")[0]))


def read_network(file: TeacherFile) -> Any:
    """The network in a `.model` file, a pickle, of the digest that was trusted, which the very bytes have that run.

    TeacherError in one sentence for another content, or one of another version of MACE.
    """
    import torch

    _import_mace()
    path = file.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TeacherError(f"{path} cannot be read: {error.strerror}.") from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise TeacherError(f"{path} has changed since its digest was compared, so it is not loaded; try again.")
    try:
        network = torch.load(io.BytesIO(content), map_location="cpu", weights_only=False)
    except (AttributeError, ImportError, TypeError) as error:
        raise of_another_version(str(path), error) from None
    except Exception as error:  # unpickling raises anything
        raise TeacherError(f"{path} cannot be read as a MACE model ({type(error).__name__}).") from None
    if not hasattr(network, "atomic_numbers") or not hasattr(network, "r_max"):
        raise TeacherError(f"{path} holds no MACE model but a {type(network).__name__}.")
    return network


def of_another_version(what: str, error: BaseException) -> TeacherError:
    """What people are told of a network that lacks what the installed packages expect, or has what they do not know."""
    here = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("mace-torch", "e3nn", "torch"))
    said = " ".join(str(error).split())[:200].rstrip(".")
    return TeacherError(
        f"{what} was made with another version of MACE or e3nn than those installed here ({here}): {said}; use it in "
        "an environment with the versions that made it, or save it there anew as they advise."
    )


class _Loaded:
    """A network ready for batches."""

    def __init__(self, network: Any, device: str, head: str | None, name: str) -> None:
        self.device = device
        self.digest = weights_sha256(network)
        self.network = network.double().to(device).eval()
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)
        self.numbers = [int(z) for z in network.atomic_numbers]
        self.elements = frozenset(chemical_symbols[z] for z in self.numbers)
        self.heads: list[str] = list(getattr(network, "heads", None) or ["Default"])
        self.head = self._choose_head(head, name)

    def _choose_head(self, head: str | None, name: str) -> str:
        if head is None:
            default = [h for h in self.heads if h.lower() == "default"]
            if len(self.heads) > 1 and not default:
                raise TeacherError(f"Teacher {name} has several heads; choose one of {', '.join(self.heads)}.")
            return default[0] if default else self.heads[0]
        if head not in self.heads:
            raise TeacherError(f"Teacher {name} has no head {head!r}; choose one of {', '.join(self.heads)}.")
        return head

    def run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        """Energies (m,) in eV and the forces on the atoms of each structure, (n, 3) eV/Å."""
        from mace import data
        from mace.tools import torch_geometric, utils

        specification = data.KeySpecification(
            info_keys={"total_spin": "total_spin", "total_charge": "total_charge"}, arrays_keys={}
        )
        table, cutoff = utils.AtomicNumberTable(self.numbers), float(self.network.r_max)
        graphs = []
        for atoms in batch:
            atoms = Atoms(atoms.numbers, atoms.positions)  # without info that MACE would read as weights
            atoms.info.update(total_charge=0.0, total_spin=1.0)
            config = data.config_from_atoms(atoms, key_specification=specification, head_name=self.head)
            graphs.append(data.AtomicData.from_config(config, z_table=table, cutoff=cutoff, heads=self.heads))
        loader = torch_geometric.dataloader.DataLoader(dataset=graphs, batch_size=len(graphs), shuffle=False)
        inputs = next(iter(loader)).to(self.device)
        output = self.network(inputs.to_dict(), compute_force=True, compute_stress=False)
        energies = output["energy"].detach().cpu().numpy().astype(float)
        forces = output["forces"].detach().cpu().numpy().astype(float)
        ends = np.cumsum([len(atoms) for atoms in batch])
        return energies, np.split(forces, ends[:-1])


def _import_mace() -> Any:
    try:
        import mace
        import mace.calculators.foundations_models
    except ImportError:
        raise TeacherError(
            "MACE teachers need the package mace-torch; install it with pip install mace-torch."
        ) from None
    return mace


def open_teacher(model: str, options: TeacherOptions) -> MaceTeacher | None:
    """The teacher of the spec mace:NAME or mace:/path/to/x.model, each with #HEAD where it has several."""
    if not model:
        return None
    name, head = split_head(model, options.head)
    if is_path(name):
        name = str(Path(name).expanduser())
    elif head is None and (preset := find_preset(f"mace:{name}")) is not None and len(preset.heads) > 1:
        head = preset.heads[0]
    return MaceTeacher(name, device=options.device, trusted=options.trusted, sha256=options.sha256, head=head)
