"""Labels that are not used, in words."""

from collections.abc import Callable

from nci_core.campaign.quarantine import WORDS, Doubted


def heading(item: Doubted) -> str:
    """For example 'set aside: (T) out of line, far from the student'."""
    words = [WORDS.get(reason["code"], reason["code"]) for reason in item.reasons]
    what = item.state if item.state != "failed" else ""
    found = ", ".join(dict.fromkeys(words))
    return (f"{what}: {found}" if what else found) + (" · test set" if item.split == "test" else "")


def remark(item: Doubted, energy: Callable[[float], str]) -> str:
    """What was tried and decided so far; `energy` writes one given in cm⁻¹."""
    parts = []
    if item.tightened_tries:
        times = "once" if item.tightened_tries == 1 else f"{item.tightened_tries} times"
        parts.append(f"Tried again at tighter settings {times}.")
    if item.earlier_cm1:
        parts.append(f"Before that: {', '.join(energy(value) for value in item.earlier_cm1)}.")
    if item.because:
        parts.append(f"Left out by {item.person}: {item.because}")
    codes = {reason["code"] for reason in item.reasons}
    if "t1" in codes:
        parts.append("Tighter settings do not change T1: somebody has to decide.")
    if "open-shell" in codes:
        parts.append("Every label of this host and probe has this doubt: somebody has to decide.")
    return " ".join(parts)
