"""Reading and writing `campaign.toml`."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from nci_core.config.settings import CampaignSettings, TeacherConsent, validated
from nci_core.config.systems import MonomerSettings, SystemSettings
from nci_core.errors import InputError
from nci_core.files import read_limited, write_atomically
from nci_core.toml_text import described, toml_value

FILE_NAME = "campaign.toml"
#: A host of a thousand atoms has a tenth of it.
MOST_BYTES = 1_000_000


def write_settings(settings: CampaignSettings, folder: Path) -> None:
    """Write `campaign.toml`, each setting under its description; raises StoreError when it cannot be written."""
    lines = ["# Settings of this campaign. Energies in cm⁻¹, lengths in Å.", ""]
    lines += described(CampaignSettings, settings.model_dump(exclude={"systems", "consents"}))
    lines += [f"# {CampaignSettings.model_fields['systems'].description}", *_tables(settings.systems)]
    lines += _consent_lines(settings.consents)
    write_atomically(folder / FILE_NAME, ("\n".join(lines) + "\n").encode())


def append_systems(systems: Sequence[SystemSettings], folder: Path) -> CampaignSettings:
    """Add systems at the end of `campaign.toml`, which is kept as its owner wrote it; returns the settings.

    Raises InputError, changing nothing, where they do not go with those that are there.
    """
    path = folder / FILE_NAME
    before = read_limited(path, MOST_BYTES).decode("utf-8-sig").rstrip()
    text = "\n".join([before, "", *_tables(systems)]) + "\n"
    settings = _parsed(text, path)
    settings.check()
    write_atomically(path, text.encode())
    return settings


def append_consents(consents: Sequence[TeacherConsent], folder: Path) -> CampaignSettings:
    """Add what somebody trusts at the end of `campaign.toml`, which is kept as its owner wrote it; the settings."""
    path = folder / FILE_NAME
    before = read_limited(path, MOST_BYTES).decode("utf-8-sig").rstrip()
    text = "\n".join([before, *_consent_lines(consents)]) + "\n"
    settings = _parsed(text, path)
    write_atomically(path, text.encode(), below=folder)
    return settings


def _consent_lines(consents: Sequence[TeacherConsent]) -> list[str]:
    lines: list[str] = []
    for consent in consents:
        lines += [
            "",
            "[[consents]]",
            *(f"{name} = {toml_value(value)}" for name, value in consent.model_dump().items()),
        ]
    return lines


def _tables(systems: Sequence[SystemSettings]) -> list[str]:
    lines: list[str] = []
    for system in systems:
        lines += ["[[systems]]", f"name = {toml_value(system.name)}", f"role = {toml_value(system.role)}"]
        own = {name: getattr(system, name) for name in ("depth_cm1", "well_below_cm1", "limit_cm1")}
        lines += [f"{name} = {toml_value(value)}" for name, value in own.items() if value is not None]
        monomers = {"host": system.host}
        if isinstance(system.probe, MonomerSettings):
            monomers["probe"] = system.probe
        else:
            lines.append(f"probe = {toml_value(system.probe)}")
        for part, monomer in monomers.items():
            lines += [f"[systems.{part}]", *(f"{k} = {toml_value(v)}" for k, v in monomer.model_dump().items())]
        lines.append("")
    return lines[:-1]


def read_settings(folder: Path) -> CampaignSettings:
    """Read `campaign.toml` of a campaign folder; raises InputError in one sentence."""
    path = Path(folder) / FILE_NAME
    try:
        there = path.exists()
    except OSError:  # reading it says why
        there = True
    if not there:
        raise InputError(f"{folder} is not a campaign: it has no {FILE_NAME}; create one with `nci init`.")
    content = read_limited(path, MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
    except ValueError as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    settings = _parsed(text, path)
    settings.check()
    return settings


def _parsed(text: str, path: Path) -> CampaignSettings:
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOML, or an integer or a nesting beyond what Python reads
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    return validated(values, str(path))
