"""Networks that are asked through their packages' ASE calculators: DIEP, Orb, AIMNet2, PET-MAD and UMA.

Each function makes the calculator for one of the catalogue's presets, in double precision where the package has it.
Files are those of `downloads`, with a digest that was checked or recorded, but for UMA's: they are behind a login, and
its package fetches them.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from nci_core.teachers.catalogue import Preset
from nci_core.teachers.downloads import fetched, sha256_of
from nci_core.teachers.identity import weights_sha256
from nci_core.teachers.networks import (
    CalculatorEngine,
    NetworkTeacher,
    device_of,
    needed,
    preset_of,
    single_precision,
    split_head,
)
from nci_core.teachers.registry import OpenTeacher, TeacherOptions

#: Å at which UMA's host and probe count as alone: far beyond what any of its layers sees.
UMA_APART = 100.0


class _SinglePrecision(CalculatorEngine):
    """A calculator that knows single precision only."""

    def run(self, batch: Any) -> Any:
        with single_precision():
            return super().run(batch)


def diep(preset: Preset, head: str | None, device: str) -> CalculatorEngine:
    """DIEP 2: weights in its wheel; single precision."""
    pretrained = needed("diep.pretrained", preset)
    with single_precision():
        calculator = pretrained.make_calculator(device=device_of(device), stress=False)
    network = calculator.potential
    return _SinglePrecision(calculator, network.model.element_types, weights_sha256(network))


def orb(preset: Preset, head: str | None, device: str) -> CalculatorEngine:
    """Orb v3 (arXiv:2504.06231), in double precision and not compiled."""
    pretrained, calculators = (needed(f"orb_models.forcefield.{name}", preset) for name in ("pretrained", "calculator"))
    file = fetched(preset)
    place = device_of(device)
    make = pretrained.ORB_PRETRAINED_MODELS[preset.spec.partition(":")[2]]
    network = make(weights_path=str(file.path), device=place, precision="float64", compile=False)
    return CalculatorEngine(calculators.ORBCalculator(network, device=place), preset.elements, file.sha256)


def aimnet2(preset: Preset, head: str | None, device: str) -> CalculatorEngine:
    """AIMNet2 (DOI 10.1039/D4SC08572H); single precision."""
    calculators = needed("aimnet.calculators", preset)
    file = fetched(preset)
    with single_precision():
        base = calculators.AIMNet2Calculator(str(file.path), device=device_of(device))
        calculator = calculators.AIMNet2ASE(base, charge=0, mult=1)
    return _SinglePrecision(calculator, preset.elements, file.sha256)


def pet_mad(preset: Preset, head: str | None, device: str) -> CalculatorEngine:
    """PET-MAD and its successors (DOI 10.1038/s41467-025-65662-7), in double precision.

    The elements of a checkpoint that the catalogue does not list are asked of the calculator itself.
    """
    calculators = needed("upet.ase", preset)
    file = fetched(preset)
    calculator = calculators.UPETCalculator(checkpoint_path=str(file.path), dtype="float64", device=device_of(device))
    return CalculatorEngine(calculator, preset.elements or _all_elements(), file.sha256)


def uma(preset: Preset, head: str | None, device: str) -> CalculatorEngine:
    """UMA (arXiv:2506.23971), in double precision, its experts not merged: the composition changes.

    Lone atoms come from a table, and its parameters depend on the composition as a whole, so that host and probe alone
    are the dimer with UMA_APART between them.
    """
    pretrained, inference = (
        needed(f"fairchem.core.{name}", preset)
        for name in ("calculate.pretrained_mlip", "units.mlip_unit.api.inference")
    )
    calculators = needed("fairchem.core.calculate.ase_calculator", preset)
    settings = inference.InferenceSettings(
        tf32=False, activation_checkpointing=False, merge_mole=False, compile=False, base_precision_dtype="float64"
    )
    name, place = preset.spec.partition(":")[2], device_of(device)
    unit = pretrained.get_predict_unit(name, inference_settings=settings, device=place)
    calculator = calculators.FAIRChemCalculator(unit, task_name=head)
    digest = sha256_of(Path(pretrained.pretrained_checkpoint_path_from_name(name)))
    return CalculatorEngine(calculator, preset.elements, digest)


def _all_elements() -> tuple[str, ...]:
    from ase.data import chemical_symbols

    return tuple(chemical_symbols[1:])


MAKERS: dict[str, Callable[[Preset, str | None, str], CalculatorEngine]] = {
    "diep": diep,
    "orb": orb,
    "aimnet2": aimnet2,
    "pet-mad": pet_mad,
    "uma": uma,
}


def _engine(family: str, name: str, head: str | None, device: str) -> CalculatorEngine:
    return MAKERS[family](preset_of(family, name), head, device)


def _open(family: str, rest: str, options: TeacherOptions) -> NetworkTeacher | None:
    if not rest:
        return None
    name, head = split_head(rest, options.head)
    preset = preset_of(family, name, head)
    head = head or (preset.heads[0] if preset.heads else None)
    spec = f"{preset.spec}#{head}" if len(preset.heads) > 1 else preset.spec
    return NetworkTeacher(
        spec,
        partial(_engine, family, name, head),
        preset.package,
        device=options.device,
        apart=UMA_APART if family == "uma" else None,
    )


open_diep: OpenTeacher = partial(_open, "diep")
open_orb: OpenTeacher = partial(_open, "orb")
open_aimnet2: OpenTeacher = partial(_open, "aimnet2")
open_pet_mad: OpenTeacher = partial(_open, "pet-mad")
open_uma: OpenTeacher = partial(_open, "uma")
