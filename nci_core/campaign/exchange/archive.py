"""A campaign as plain files: written by `nci export`, rebuilt by `nci import`.

    campaign.toml          settings, among them the systems with their names and roles
    configurations.extxyz  geometries (Å) with system, split, origin and the energies (eV) known for them
    teachers.jsonl         one teacher label a line, with its channels (eV)
    labels.jsonl           one CCSD(T) label a line: state, result with full provenance, or its error
    history.json           rounds, picks, models, errors, what was decided about labels
    predictions.jsonl      each model's energies (eV) and cuts
    models/                checkpoints

Rows refer to each other by geometry hash, model name and system name, never by database ids. `archive_rows` says what
each may hold, `archive_read` reads and checks all of it, `archive_packed` unpacks one that comes as a file,
`archive_import` stores what was read, `archive_export` writes it.
"""

import tempfile
from functools import cache
from pathlib import Path

from nci_core.campaign.campaign import Campaign, home
from nci_core.campaign.demo_copy import DEMO, SOURCE, make_demo
from nci_core.campaign.exchange.archive_export import export_campaign as export_campaign
from nci_core.campaign.exchange.archive_import import import_archive
from nci_core.campaign.exchange.archive_import import import_campaign as import_campaign
from nci_core.campaign.exchange.archive_packed import stem
from nci_core.campaign.exchange.archive_read import Archive as Archive
from nci_core.campaign.exchange.archive_read import read_archive as read_archive
from nci_core.campaign.exchange.dataset import write_configurations
from nci_core.campaign.queries.error_map_file import renew_all_maps
from nci_core.config import FILE_NAME
from nci_core.errors import InputError, NCIError, StoreError
from nci_core.switches import require_writable
from nci_core.visible import folder_name, quoted

#: Embedded campaigns of the project, in the order people should meet them.
EMBEDDED = ("he-benzene", "he-ethylene")
#: The embedded campaign of several hosts, one of which is unseen.
SEVERAL = "he-aromatics"


def data_folder() -> Path:
    """Folder of the embedded campaigns, beside the package."""
    return Path(__file__).resolve().parents[3] / "data"


def bring_in(content: bytes, file_name: str, below: Path | None = None) -> str:
    """Rebuild an exported campaign from the content of a zip or tar, below home() unless a folder is given; its name.

    The folder is called as the file is, with a number where there is one already. Raises as `import_campaign` does.
    """
    require_writable()
    from nci_core.campaign.creating import free_folder

    folder = free_folder(folder_name(stem(Path(file_name)), "campaign"), below or home())
    with tempfile.TemporaryDirectory(prefix="nci-brought-") as temporary:
        sent = Path(temporary) / "sent"
        sent.write_bytes(content)
        try:
            import_campaign(sent, folder).store.close()
        except InputError as error:
            raise InputError(str(error).replace(str(sent), quoted(file_name))) from None
    return folder.name


def export_extxyz(source: Campaign, path: Path) -> str:
    """Write every configuration with what is known about it to one extxyz file; returns a sentence."""
    count, labelled = write_configurations(source, path)
    return f"{path}: {count} configurations, {labelled} with CCSD(T)."


def import_embedded() -> list[str]:
    """Import the project's own campaigns that are not below home() yet, with their error maps, the demo first.

    Returns their names.
    """
    imported, read = [], cache(read_archive)  # two are of one source
    for name, source in ((DEMO, SOURCE), *((each, each) for each in (*EMBEDDED, SEVERAL))):
        target = home() / name
        if (data_folder() / source / FILE_NAME).exists() and not target.exists():
            try:
                campaign = (make_demo if name == DEMO else import_archive)(read(data_folder() / source), target)
            except NCIError as error:
                raise StoreError(f"The embedded campaign {name} could not be imported: {error}") from error
            renew_all_maps(campaign)  # a cache that the first page draws from
            campaign.store.close()
            imported.append(name)
    return imported
