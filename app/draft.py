"""What a person has chosen so far for a new campaign, and what the core says of it. Kept in the browser's session."""

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from app.background import answer, background
from app.draft_hosts import FILE, FILE_MARK, NAME, SMILES, Host, host_of, shown, value
from app.session import campaign_folders
from nci_core.campaign import home
from nci_core.campaign.creating import MOST_TITLE, Plan, Preview, is_trusted, preview, teachers_offered
from nci_core.campaign.pricing.new_recipes import RecipeChoice, choices_of_all, recipe_choices, recommended
from nci_core.campaign.queries.teacher_trial import Trial, try_teacher
from nci_core.config import MonomerSettings, SystemSettings
from nci_core.config.systems import check_systems
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import DEFAULT
from nci_core.labels.size import atom_functions
from nci_core.store.base import Role
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.systems.smiles import MOST_CHARACTERS
from nci_core.teachers.base import DEFAULT_BASIS

#: Roles that hosts beside the first may have.
ROLES: tuple[Role, ...] = ("train", "transfer")
#: Seconds that a trial of a teacher, and anything else may take.
TRIAL_SECONDS, SHORT_SECONDS = 900.0, 300.0
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


@dataclass(frozen=True)
class Draft:
    """The present state of a new campaign.

    Attributes:
        hosts: of its systems: the first, further ones to train on, and those that are only tested on.
        probe: chemical symbol.
    """

    hosts: tuple[Host, ...]
    probe: str

    @property
    def others(self) -> tuple[Host, ...]:
        """Hosts beside the first."""
        return self.hosts[1:]

    @property
    def host(self) -> Monomer | None:
        """The first one, None before it is there."""
        return self.hosts[0].monomer

    @cached_property
    def dimers(self) -> dict[str, Dimer]:
        """Dimers by the name of their system; none before there is a host. InputError for an atom that is no probe."""
        if self.host is None:
            return {}
        found: dict[str, Dimer] = {}
        for host in self.hosts:
            if host.monomer is not None:
                dimer = Dimer(host.monomer, Monomer.atom(self.probe))
                alike = sum(dimer.name == other.name for other in found.values())
                found[f"{dimer.name}-{alike + 1}" if alike else dimer.name] = dimer
        return found

    @property
    def dimer(self) -> Dimer | None:
        """The first of them."""
        return next(iter(self.dimers.values()), None)

    @property
    def systems(self) -> tuple[SystemSettings, ...]:
        """What the campaign will have; raises InputError as `dimers`."""
        roles = [host.role for host in self.hosts if host.monomer is not None]
        return tuple(
            SystemSettings.of(dimer.a, self.probe, role, name)
            for (name, dimer), role in zip(self.dimers.items(), roles, strict=True)
        )

    @cached_property
    def problem(self) -> str:
        """Why the hosts beside the first cannot be taken so, one sentence; empty where they can."""
        wrong = next((f"{shown(host.entry)}: {host.error}" for host in self.others if host.error), "")
        if wrong or self.host is None or not self.others:
            return wrong
        try:
            check_systems(self.systems)
        except InputError as error:
            return str(error)
        return ""

    def trials(self, dimer: Dimer) -> dict[str, Future[Trial]]:
        """Each teacher that is offered, tried on a dimer: the quickest ones are asked for first."""
        asked = {
            spec: background().ask(
                f"trial {mark(dimer)} {spec}",
                partial(try_teacher, trusted=is_trusted(spec)),
                dimer,
                spec,
                seconds=TRIAL_SECONDS,
                long=True,
            )
            for spec in sorted(teachers_offered(), key=lambda spec: spec not in QUICK)
        }
        return {spec: asked[spec] for spec in teachers_offered()}

    def recipes(self) -> dict[str, Future[list[RecipeChoice]]]:
        """The recipes for each dimer."""
        return {
            name: background().ask(
                f"recipes {mark(dimer)} {home()}", recipe_choices, dimer, home(), seconds=SHORT_SECONDS
            )
            for name, dimer in self.dimers.items()
        }

    def known_recipes(self) -> list[RecipeChoice]:
        """The same for all dimers together, once they are known; none before, or where that failed."""
        found = {name: answer(future) or [] for name, future in self.recipes().items()}
        return choices_of_all(found) if found and all(found.values()) else []

    def teachers(self) -> tuple[str, ...]:
        """The chosen ones, in the order of the offer; at first the two that the embedded campaigns have."""
        large = any(functions_of(host.monomer) > LARGE for host in self.hosts if host.monomer)
        first = ("hf-d4",) if large else ("hf-d4", "hf-mp2")
        return tuple(spec for spec in teachers_offered() if value(f"teacher-{spec}", spec in first))

    def depth_cm1(self) -> float | None:
        """How deep the chosen teachers that have been tried find the first well, in cm⁻¹; None before one has."""
        if self.dimer is None:
            return None
        trials = self.trials(self.dimer)
        done = filter(None, (answer(trials[spec]) for spec in self.teachers()))
        return min((trial.deepest_cm1 for trial in done if trial.energies_cm1), default=None)

    def recipe(self) -> str:
        """The chosen one, else the recommended; the default before recipes are known."""
        known = self.known_recipes()
        chosen = value("recipe")
        if not known or chosen in [choice.name for choice in known if choice.cost is not None]:
            return chosen or DEFAULT
        return recommended(known)

    def plan(self) -> Plan:
        """Everything that was chosen; raises InputError where something is missing or makes no sense."""
        if self.host is None:
            raise InputError("Choose a molecule first.")
        if self.problem:
            raise InputError(self.problem)
        if any(host.making for host in self.others):
            raise InputError("The geometry of another host is still being made.")
        systems, chosen = self.systems, self.teachers()
        if not chosen:
            raise InputError("Choose a teacher.")
        numbers = {name: int(value(name, first)) for name, (first, *_) in NUMBERS.items()}
        if numbers["n_test"] >= numbers["n"]:
            raise InputError("The test set must be smaller than the number of configurations.")
        title = str(value("title", "")) or self.title
        return Plan(systems=systems, teachers=chosen, recipe=self.recipe(), title=title, **numbers)

    @property
    def title(self) -> str:
        """What the campaign is called unless somebody says otherwise."""
        name, more = "" if self.host is None else self.host.name, len(self.others)
        return f"{self.probe} – {name}" + (f" and {more} other{'s' if more > 1 else ''}" if more else "")

    def preview(self) -> Future[list[Preview]]:
        """Where the configurations of each system will lie; raises InputError as `plan`."""
        plan = self.plan()
        # Neither names nor what is chosen elsewhere move a point, so they ask nothing anew.
        asked = [*map(mark, self.dimers.values()), *(system.role for system in plan.systems)]
        asked += [str(getattr(plan, name)) for name in NUMBERS]
        return background().ask(f"preview {' '.join(asked)}", preview, plan, seconds=SHORT_SECONDS)


def draft() -> Draft:
    """The present one; asks for the geometry of each molecule that is new."""
    entered = {
        SMILES: str(value("smiles", "")).strip(),
        FILE: FILE_MARK + str(value("file-digest")) if value("file-digest") else "",
        NAME: str(value("built-in", "")),
    }
    first = host_of(entered.get(str(value("kind", SMILES)), ""), "train", str(value("name", "")))
    others = (host_of(entry, role) for role in ROLES for entry in value(role, ()))
    return Draft((first, *others), str(value("probe-text") or value("probe", "He")).strip())


def mark(dimer: Dimer) -> str:
    """What questions about a dimer are kept under; a molecule may get another name without being asked anew."""
    text = MonomerSettings.of(replace(dimer.a, name="")).model_dump_json() + dimer.b.name
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def functions_of(host: Monomer) -> int:
    """Basis functions of a host in the teachers' basis, counted without PySCF."""
    return sum(atom_functions(DEFAULT_BASIS, symbol) for symbol in host.symbols)


def made_folder(name: object) -> Path | None:
    """The folder of a campaign by its name in an address or a session, None unless it is there."""
    return next((folder for folder in campaign_folders() if folder.name == name), None)
