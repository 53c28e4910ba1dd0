"""A campaign's settings, kept in its `campaign.toml`; the command line overrides them.

    title = "Helium over aromatics"
    …
    [[systems]]
    name = "he-benzene"
    role = "train"
    probe = "He"
    [systems.host]
    name = "benzene"
    …

Each of the `[[systems]]` is a dimer; those of the role "transfer" are only tested on. Files of before have one dimer,
`probe = "He"` and a table `[host]`: the first system, which is trained on.
"""

from nci_core.config.settings import CampaignSettings
from nci_core.config.systems import MOST_SYSTEMS, MonomerSettings, SystemSettings
from nci_core.config.toml_file import FILE_NAME, append_systems, read_settings, write_settings

__all__ = [
    "FILE_NAME",
    "MOST_SYSTEMS",
    "CampaignSettings",
    "MonomerSettings",
    "SystemSettings",
    "append_systems",
    "read_settings",
    "write_settings",
]
