"""Who trusts which file of a teacher: written into `campaign.toml` by digest, so that another content asks again.

An exported campaign leaves it out and an import drops it: trust does not travel (`config.settings.OF_THIS_MACHINE`).
"""

import getpass
import re
from collections.abc import Sequence

from nci_core.campaign.campaign import Campaign
from nci_core.config.settings import TeacherConsent
from nci_core.config.toml_file import append_consents
from nci_core.errors import InputError
from nci_core.store.base import utc_now

DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def consent(
    campaign: Campaign, specs: Sequence[str], *, trusted: bool = False, sha256: Sequence[str] = ()
) -> dict[str, str]:
    """The digest that each teacher's file must have, by specification; what is new is written down.

    Teachers without a file of their own, and those of which nobody has said anything, are left out. Raises InputError
    for a digest that is none, or that belongs to no file of these teachers.
    """
    said = consents_of(specs, trusted=trusted, sha256=sha256)
    new = [each for each in said if campaign.settings.consent(each.spec) != each.sha256]
    if new:
        campaign.settings = append_consents(new, campaign.folder)
    known = {spec: campaign.settings.consent(spec) for spec in specs}
    return {spec: digest for spec, digest in known.items() if digest is not None}


def consents_of(specs: Sequence[str], *, trusted: bool = False, sha256: Sequence[str] = ()) -> list[TeacherConsent]:
    """What is said now of the files of these teachers; raises InputError as `consent`. Nothing is loaded."""
    from nci_core.teachers.downloads import sha256_of
    from nci_core.teachers.registry import model_file

    wanted = [checked_digest(each) for each in sha256]
    files = {spec: file for spec in specs if (file := model_file(spec)) is not None}
    if not (wanted or trusted):
        return []
    found = {spec: sha256_of(file) for spec, file in files.items() if file.is_file()}
    for digest in wanted:
        if digest not in found.values():
            has = ", ".join(f"{files[spec]} has {each}" for spec, each in found.items())
            raise InputError(
                f"The SHA-256 digest {digest} is that of no teacher's file here"
                f"{f' ({has})' if has else ''}; nothing was loaded."
            )
    who, when = _who(), utc_now().isoformat(timespec="seconds")
    return [
        TeacherConsent(spec=spec, sha256=digest, who=who, when=when)
        for spec, digest in found.items()
        if trusted or digest in wanted
    ]


def checked_digest(text: str) -> str:
    """A SHA-256 digest as people write it, in lower case; raises InputError.

    >>> checked_digest(f" {'AB' * 32}\\n")[:4]
    'abab'
    """
    found = text.strip().lower().removeprefix("sha256:")
    if not DIGEST.fullmatch(found):
        raise InputError(
            f"{text.strip()!r} is no SHA-256 digest; give its 64 hexadecimal digits, as `sha256sum FILE` does."
        )
    return found


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return ""
