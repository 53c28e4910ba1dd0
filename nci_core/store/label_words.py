"""How a label was computed, in words and numbers as people read them."""

from typing import Any

from nci_core.store.schema import Label

#: In the order in which they are told.
FRAGMENTS = ("dimer", "host", "probe")


def _number(hartree: float) -> str:
    return f"{hartree:z.8f}".replace("-", "−")


def fragment_rows(result: dict[str, Any]) -> list[dict[str, str]]:
    """Each fragment's energies, size and convergence, by name; empty where the label does not tell."""
    rows = []
    for name in FRAGMENTS:
        part = result.get("fragments", {}).get(name)
        if part:
            total = part["hf_hartree"] + part["ccsd_hartree"] + part["triples_hartree"]
            rows.append(
                {
                    "Fragment": name,
                    "Total": _number(total),
                    "HF": _number(part["hf_hartree"]),
                    "CCSD": _number(part["ccsd_hartree"]),
                    "(T)": _number(part["triples_hartree"]),
                    "Basis functions": str(part.get("n_basis")),
                    "Frozen core orbitals": str(part.get("n_frozen")),
                    "Cycles HF / CC": f"{part['scf_cycles']} / {part['cc_cycles']}",
                    "T1 (doubtful above 0.02)": f"{part['t1_diagnostic']:.4f}",
                    "CPU min": f"{part['cpu_seconds'] / 60:.2f}",
                }
            )
    return rows


def larger_fragment_rows(result: dict[str, Any]) -> list[dict[str, str]]:
    """Hartree–Fock and MP2 of a composite; empty for other recipes."""
    parts = result.get("larger") or {}
    return [
        {
            "Fragment": name,
            "HF": _number(parts[name]["hf_hartree"]),
            "MP2 correlation": _number(parts[name]["mp2_hartree"]),
            "Functions": str(parts[name]["n_basis"]),
            "CPU min": f"{parts[name]['cpu_seconds'] / 60:.2f}",
        }
        for name in FRAGMENTS
        if name in parts
    ]


def _functions(functions: dict[str, Any], probe: str) -> str:
    host = ", ".join(
        f"{name} on {'the other host atoms' if element == '*' else element}"
        for element, name in sorted(functions.get("host_basis", {}).items(), reverse=True)
    )
    shells = (functions.get("midbond") or {}).get("exponents", {})
    midbond = "midbond " + "".join(f"{len(values)}{letter}" for letter, values in shells.items())
    return f"{host}; {functions.get('probe_basis', '?')} on {probe}; {midbond if shells else 'no midbond functions'}"


def _basis(result: dict[str, Any]) -> str:
    recipe, site = result.get("recipe", {}), result.get("midbond_angstrom")
    probe = str(result.get("probe", "the probe"))
    text = _functions(recipe, probe)
    if composite := recipe.get("composite"):
        text = f"CCSD(T) in {text}. HF and MP2 in {_functions(composite['larger'], probe)}. Midbond functions"
    if site is None:
        return text
    place = ", ".join(f"{value:.3f}" for value in site).replace("-", "−")
    return f"{text} at ({place}) Å"


def _thresholds(recipe: dict[str, Any]) -> str:
    limits = (("scf_energy_hartree", "HF energy"), ("cc_energy_hartree", "CCSD energy"))
    found = [f"{name} {recipe[key]:.0e} hartree" for key, name in limits if key in recipe]
    found += [f"amplitudes {recipe['cc_amplitudes']:.0e}"] if "cc_amplitudes" in recipe else []
    return ", ".join(found).replace("e-", "e−") or "unknown"


def _tightened(result: dict[str, Any]) -> str:
    settings = result.get("tightened")
    if not settings:
        return ""
    return f"; tightened, step {settings['step']}: thresholds × {settings['threshold_factor']:g}"


def computed_with(result: dict[str, Any]) -> str:
    """Programs, processor and threads of a label."""
    environment = result.get("environment", {})
    versions = ", ".join(f"{name} {version}" for name, version in environment.get("versions", {}).items())
    return f"{versions} on {environment.get('processor', '?')}, {environment.get('threads', '?')} thread(s)"


def provenance(label: Label, result: dict[str, Any]) -> dict[str, str]:
    """Method, basis, thresholds, cost and origin of a finished label, by what each is."""
    recipe = result.get("recipe", {})
    facts = {
        "Method": f"{recipe.get('method', '?')}{', frozen core' if recipe.get('frozen_core') else ''}, recipe "
        f"{label.recipe} version {recipe.get('version', '?')} ({label.recipe_hash})",
        "Basis": _basis(result),
        "Counterpoise": f"{recipe.get('counterpoise', '?')}: E = E_AB − E_A − E_B, all three in the dimer's basis",
        "Converged to": f"{_thresholds(recipe)}{_tightened(result)}",
        "Cost": f"{(label.cpu_seconds or 0) / 60:.2f} CPU min, {(label.wall_seconds or 0) / 60:.2f} min elapsed, "
        f"{label.memory_gb or 0:.2f} GB",
        "Picked by": (label.picked_by or "unknown")
        + (f" in round {label.round_number}" if label.round_number is not None else ""),
        "Finished": f"{label.finished_at:%Y-%m-%d %H:%M} UTC" if label.finished_at else "",
        "Computed with": f"{computed_with(result)}, linear algebra {result.get('environment', {}).get('blas', '?')}",
        "Geometry hash": str(result.get("geometry_hash", "")),
    }
    return {name: text for name, text in facts.items() if text}
