"""What a person has chosen so far for a new campaign, and what the core says of it. Kept in the browser's session."""

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from app.background import background, problem
from app.session import campaign_folders
from nci_core.campaign import home
from nci_core.campaign.creating import MOST_TITLE, Plan, Preview, host_name, is_trusted, preview, teachers_offered
from nci_core.campaign.pricing.new_recipes import RecipeChoice, recipe_choices, recommended
from nci_core.campaign.queries.teacher_trial import Trial, try_teacher
from nci_core.config import MonomerSettings
from nci_core.errors import InputError, NCIError
from nci_core.labels.builtin_recipes import DEFAULT
from nci_core.labels.size import atom_functions
from nci_core.systems import Monomer, builtin_monomer, library
from nci_core.systems.dimer import Dimer
from nci_core.systems.point_group import formula
from nci_core.systems.reading.structure_file import host_from_upload
from nci_core.systems.smiles import MOST_ATOMS, MOST_CHARACTERS, host_from_smiles
from nci_core.teachers.base import DEFAULT_BASIS

#: Keys of the widgets begin so; they keep their values from page to page.
PREFIX = "new-"
#: Where a molecule may come from.
SMILES, FILE, NAME = "SMILES", "File", "Name"
#: Seconds that a geometry, a trial of a teacher, and anything else may take.
GEOMETRY_SECONDS, TRIAL_SECONDS, SHORT_SECONDS = 300.0, 900.0, 300.0
#: Teachers that are tried within a second.
QUICK = ("gfn2-xtb",)
#: Above this many basis functions MP2 for hundreds of configurations is no cheap teacher any more.
LARGE = 450
#: Probes that recipes and teachers know well; others may be typed.
PROBES = ("He", "Ne", "Ar", "Kr")
#: Fields of text and their most characters.
TEXTS = {"smiles": MOST_CHARACTERS, "name": 40, "probe-text": 3, "title": MOST_TITLE}
#: Fields of numbers: what they have at first, the least, the most and a step.
NUMBERS = {
    "n": (250, 10, 20_000, 50),
    "n_test": (30, 0, 5_000, 5),
    "points_per_cut": (12, 0, 200, 4),
    "seed": (1, 0, 2**31 - 1, 1),
}
#: Labels of a first round.
FIRST_ROUND = 12


def value(name: str, default: Any = None) -> Any:
    """What was entered in a field."""
    found = st.session_state.get(PREFIX + name)
    return default if found is None else found


@dataclass(frozen=True)
class Upload:
    """A file that was sent: its name, which is text, and its content."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Draft:
    """The present state of a new campaign.

    Attributes:
        host: the molecule, None before there is one.
        error: why there is none, one sentence; empty while nothing was entered or it is being made.
        making: the question that makes it, while it is under way.
        probe: chemical symbol.
    """

    host: Monomer | None
    error: str
    making: Future[Monomer] | None
    probe: str

    @property
    def dimer(self) -> Dimer | None:
        """Host and probe; None before there is a host. Raises InputError for an atom that is no probe."""
        return None if self.host is None else Dimer(self.host, Monomer.atom(self.probe))

    @property
    def mark(self) -> str:
        """What questions about the dimer are kept under; a molecule may get another name without being asked anew."""
        if self.host is None:
            return ""
        text = MonomerSettings.of(_unnamed(self.host)).model_dump_json() + self.probe
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

    def trials(self) -> dict[str, Future[Trial]]:
        """Each teacher that is offered, tried on the dimer: the quickest ones are asked for first."""
        asked = {
            spec: background().ask(
                f"trial {self.mark} {spec}", _try, self.dimer, spec, is_trusted(spec), seconds=TRIAL_SECONDS, long=True
            )
            for spec in sorted(teachers_offered(), key=lambda spec: spec not in QUICK)
        }
        return {spec: asked[spec] for spec in teachers_offered()}

    def recipes(self) -> Future[list[RecipeChoice]]:
        """The recipes for the dimer."""
        return background().ask(
            f"recipes {self.mark} {home()}", recipe_choices, self.dimer, home(), seconds=SHORT_SECONDS
        )

    def teachers(self) -> tuple[str, ...]:
        """The chosen ones, in the order of the offer; at first the two that the embedded campaigns have."""
        large = self.host is not None and functions_of(self.host) > LARGE
        first = ("hf-d4",) if large else ("hf-d4", "hf-mp2")
        return tuple(spec for spec in teachers_offered() if value(f"teacher-{spec}", spec in first))

    def depth_cm1(self) -> float | None:
        """How deep the chosen teachers that have been tried find the well, in cm⁻¹; None before the first."""
        trials = self.trials()
        done = [trials[spec] for spec in self.teachers() if trials[spec].done() and not problem(trials[spec])]
        return min((trial.deepest_cm1 for trial in map(Future.result, done) if trial.energies_cm1), default=None)

    def recipe(self) -> str:
        """The chosen one, else the recommended; the default before recipes are known."""
        found = self.recipes()
        known = found.result() if found.done() and not problem(found) else []
        usable = [choice.name for choice in known if choice.cost is not None]
        chosen = value("recipe")
        if chosen in usable or self.dimer is None or not known:
            return chosen or DEFAULT
        return recommended(known)

    def plan(self) -> Plan:
        """Everything that was chosen; raises InputError where something is missing or makes no sense."""
        if self.host is None:
            raise InputError("Choose a molecule first.")
        _ = self.dimer
        chosen = self.teachers()
        if not chosen:
            raise InputError("Choose a teacher.")
        numbers = {name: int(value(name, first)) for name, (first, *_) in NUMBERS.items()}
        if numbers["n_test"] >= numbers["n"]:
            raise InputError("The test set must be smaller than the number of configurations.")
        return Plan(
            host=MonomerSettings.of(self.host),
            probe=self.probe,
            teachers=chosen,
            recipe=self.recipe(),
            title=str(value("title", "")) or f"{self.probe} – {self.host.name}",
            **numbers,
        )

    def preview(self) -> Future[Preview]:
        """Where the configurations will lie; raises InputError as `plan`."""
        plan = self.plan()
        host = MonomerSettings.of(_unnamed(plan.host.monomer))
        plan = plan.model_copy(update={"host": host, "recipe": DEFAULT, "title": "", "teachers": ("hf-d4",)})
        return background().ask(f"preview {plan.model_dump_json()}", preview, plan, seconds=SHORT_SECONDS)


def draft() -> Draft:
    """The present one; asks for the molecule's geometry where that is new."""
    host, error, making = None, "", None
    try:
        making = _asked_host()
        if making is not None and making.done():
            error, making = problem(making), None if problem(making) else making
            host = making.result() if making is not None else None
            making = None
        elif making is None:
            host = builtin_monomer(str(value("built-in"))) if _kind() == NAME and value("built-in") else None
        if host is not None:
            if len(host.symbols) > MOST_ATOMS:
                raise InputError(
                    f"This molecule has {len(host.symbols)} atoms; at most {MOST_ATOMS} are possible here, and "
                    "CCSD(T) reaches far fewer."
                )
            host = replace(host, name=host_name(str(value("name", "")), host_name(host.name, formula(host))))
    except NCIError as problem_found:
        host, error = None, str(problem_found)
    return Draft(host, error, making, str(value("probe-text") or value("probe", "He")).strip())


def _kind() -> str:
    return str(value("kind", SMILES))


def _asked_host() -> Future[Monomer] | None:
    """The question for the geometry; None where nothing was entered, or none needs to be asked."""
    if _kind() == SMILES:
        text = str(value("smiles", "")).strip()
        if not text:
            return None
        return background().ask(f"smiles {text}", host_from_smiles, text, seconds=GEOMETRY_SECONDS)
    upload = st.session_state.get(PREFIX + "upload")
    if _kind() == FILE and isinstance(upload, Upload):
        digest = hashlib.blake2b(upload.content, digest_size=12).hexdigest()
        return background().ask(
            f"file {digest} {upload.name}", host_from_upload, upload.name, upload.content, seconds=SHORT_SECONDS
        )
    return None


def _unnamed(host: Monomer) -> Monomer:
    return replace(host, name=formula(host))


def _try(dimer: Dimer, spec: str, trusted: bool) -> Trial:
    return try_teacher(dimer, spec, trusted=trusted)


def functions_of(host: Monomer) -> int:
    """Basis functions of a host in the teachers' basis, counted without PySCF."""
    return sum(atom_functions(DEFAULT_BASIS, symbol) for symbol in host.symbols)


def built_in_names() -> list[str]:
    """Molecules that are known by name, the small and light ones first."""
    return library.names()


def named_with_formula(name: str) -> str:
    """'naphthalene · C10H8', so that a list is searched by either."""
    return f"{name} · {formula(builtin_monomer(name))}"


def made_folder(name: object) -> Path | None:
    """The folder of a campaign by its name in an address or a session, None unless it is there."""
    return next((folder for folder in campaign_folders() if folder.name == name), None)
