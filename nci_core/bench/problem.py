"""What a benchmark works on: reference labels of one dimer, and a teacher's labels of the same dimer elsewhere."""

import hashlib
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.archive import EMBEDDED, data_folder, import_campaign
from nci_core.campaign.rounds.learning import lessons
from nci_core.duplicates import unique_labels
from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.files import write_atomically
from nci_core.fitting import FitSettings, Lesson, Observation, distill_all
from nci_core.potentials.checkpoints import load_checkpoint, save_checkpoint
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig
from nci_core.regions import RegionBounds
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer, same_dimer

FloatArray = npt.NDArray[np.float64]
#: In a folder of results: the digest of the reference that they are of.
MARK = "reference.sha256"


@dataclass
class Problem:
    """A reference data set, and students distilled for its dimer.

    Attributes:
        dimer: host and probe.
        positions: (m, 3) in Å; energies: (m,) reference interaction energies in eV.
        folder: where distilled students are kept between runs.
        teachers: what is distilled; empty where there are none.
        bounds: energy regions.
    """

    dimer: Dimer
    positions: FloatArray
    energies: FloatArray
    folder: Path
    teachers: tuple[Lesson, ...] = ()
    bounds: RegionBounds = field(default_factory=RegionBounds)

    def claim(self) -> None:
        """Mark `folder` as holding results of this reference; InputError when they are of another one.

        Rows and students that are there are not made again, so they must be of the same labels.
        """
        content = hashlib.sha256(f"{self.dimer.b.symbols[0]} {' '.join(self.dimer.a.symbols)}".encode())
        for values in (self.dimer.a.positions, self.positions, self.energies):
            content.update((np.round(values, 7) + 0.0).tobytes())  # eV and Å, to well below what files hold
        mark, digest = self.folder / MARK, content.hexdigest()
        if not mark.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(mark, f"{digest}  {self.dimer.name}, {len(self.energies)} labels\n".encode())
        elif not mark.read_bytes().startswith(digest.encode()):
            raise InputError(
                f"{self.folder} holds results of another reference (see {MARK} there); give another --out."
            )

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        """(m,) points below the energy limit, the range of interest."""
        return np.asarray(self.bounds.classify(self.energies) != "beyond")

    def distilled(self, ruler: str = "adaptive", *, seed: int = 0, members: int = 3, network: bool = True) -> Ensemble:
        """The student distilled from the teacher; made once and then read again. InputError without a teacher."""
        if not self.teachers:
            raise InputError(
                f"No teacher's labels of {self.dimer.name} are known; give a campaign that holds them with --teacher."
            )
        names = "+".join(lesson.teacher for lesson in self.teachers)
        name = f"distilled-{names}-{ruler}{'' if network else '-physics'}-{members}-{seed}.pt"
        path = self.folder / "distilled" / name.replace("/", "_").replace(":", "_")
        if not path.is_file():
            config = StudentConfig.model_validate({"ruler": ruler, "network": network})
            model = distill_all(self.teachers, config, FitSettings(seed=seed, members=members))
            save_checkpoint(model, path)
        return load_checkpoint(path, dimer=self.dimer)

    def observation(self, rows: npt.NDArray[np.int64]) -> Observation:
        """The labels of some rows."""
        return Observation(self.dimer.at(self.positions[rows]), self.energies[rows], bounds=self.bounds)

    def taught_by(self, *teachers: Lesson) -> "Problem":
        """The same problem with other teachers."""
        return Problem(self.dimer, self.positions, self.energies, self.folder, teachers, self.bounds)


def lessons_of(folder: Path, dimer: Dimer) -> tuple[Lesson, ...]:
    """Labels of the teachers of an exported campaign, pool only; empty unless that is its only system."""
    with tempfile.TemporaryDirectory() as where:
        campaign = import_campaign(folder, Path(where) / "campaign")
        same = [same_dimer(system.dimer, dimer) for system in campaign.systems]
        found = lessons(campaign) if same == [True] else ()
        campaign.store.close()
    return found


def open_problem(data: Path, folder: Path, teacher: Path | None = None) -> Problem:
    """Read a reference data set (extxyz with REF_interaction_energy in eV) and find its teacher's labels.

    Each geometry counts once, so that no split has one on both sides.

    Args:
        data: the reference.
        folder: where the benchmark keeps what it makes.
        teacher: folder of an exported campaign of the same dimer whose teacher is distilled; default: the
            embedded campaigns are searched.
    """
    group, _ = unique_labels(read_dataset(data).only_group(), str(data))
    if not len(group.at):
        raise InputError(f"{data} has no REF_interaction_energy (eV) in any of its frames.")
    places = [teacher] if teacher else [data_folder() / name for name in EMBEDDED]
    found = next((labels for place in places if (labels := lessons_of(place, group.dimer))), ())
    if teacher and not found:
        raise InputError(f"{teacher} has no teacher's labels of {group.dimer.name} with the host of {data}.")
    return Problem(group.dimer, group.at.R, group.reference, folder, found)


def open_recipe_pair(name: str, cheap: str) -> tuple[Configurations, FloatArray, FloatArray, Ensemble]:
    """Configurations, labels (m,) in eV of a cheap and of the target recipe there, and the student.

    Of an embedded campaign's pool; the student is the distilled one.
    """
    from nci_core.campaign.rounds.stored_models import distilled_parent
    from nci_core.store import labels

    with tempfile.TemporaryDirectory() as where:
        campaign: Campaign = import_campaign(data_folder() / name, Path(where) / "campaign")
        below = labels.complete(campaign.store, campaign.find_recipe(cheap).hash, split="pool")
        known = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
        parent = distilled_parent(campaign)
        if parent is None:
            raise InputError(f"Campaign {name} has no distilled student.")
        (system,) = campaign.systems  # of the embedded ones each has one
        student = load_checkpoint(campaign.model_path(parent), dimer=system.dimer)
        campaign.store.close()
    of = dict(zip(below.configuration_ids.tolist(), below.energy_ev.tolist(), strict=True))
    rows = [k for k, number in enumerate(known.configuration_ids.tolist()) if number in of]
    cheap_energies = np.array([of[int(known.configuration_ids[k])] for k in rows])
    return system.dimer.at(known.positions[rows]), cheap_energies, known.energy_ev[rows], student


def open_campaign_labels(name: str, split: str) -> tuple[Observation, Ensemble]:
    """CCSD(T) labels and the distilled student of an embedded campaign."""
    from nci_core.campaign.rounds.stored_models import distilled_parent
    from nci_core.store import labels

    with tempfile.TemporaryDirectory() as where:
        campaign: Campaign = import_campaign(data_folder() / name, Path(where) / "campaign")
        known = labels.complete(campaign.store, campaign.recipe.hash, split="pool" if split == "pool" else "test")
        parent = distilled_parent(campaign)
        if parent is None:
            raise InputError(f"Campaign {name} has no distilled student.")
        (system,) = campaign.systems  # of the embedded ones each has one
        found = (
            Observation(system.dimer.at(known.positions), known.energy_ev),
            load_checkpoint(campaign.model_path(parent), dimer=system.dimer),
        )
        campaign.store.close()
    return found
