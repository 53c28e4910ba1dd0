"""Leaving hosts out: what counts as one host, and what a left-out host is measured with."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nci_core.bench.left_out import hosts_of, leave_one_host_out
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup
from nci_core.fitting import FitSettings
from nci_core.systems import Dimer, Monomer, builtin_monomer

POINTS = np.array([[0.0, 0.0, 4.0], [0.0, 0.0, 5.0]])


def group(host: Monomer, probe: str, energy: float = -1e-3) -> HostGroup:
    return HostGroup(Dimer(host, Monomer.atom(probe)).at(POINTS), np.full(2, energy), np.arange(2))


def test_a_host_is_one_wherever_it_lies_and_whatever_the_probe() -> None:
    benzene, turn = builtin_monomer("benzene"), Rotation.from_euler("zyx", [0.4, 1.1, -2.0])
    turned = Monomer(
        "benzene-2", benzene.symbols, benzene.positions @ turn.as_matrix().T + 3.0, source="the same, turned"
    )
    scaled = [Monomer(f"benzene-{k}", benzene.symbols, benzene.positions * k, source="scaled") for k in (1.01, 1.1)]
    hosts = [(benzene, "He"), (builtin_monomer("ethylene"), "He"), (turned, "Ne"), *((host, "He") for host in scaled)]
    groups = [group(host, probe) for host, probe in hosts]
    found = [[each.dimer.name for each in host] for host in hosts_of(groups)]
    # 1% is what two methods' geometries differ by; with 10% distances across the ring differ by half an ångström.
    assert found == [["he-benzene", "ne-benzene-2", "he-benzene-1.01"], ["he-ethylene"], ["he-benzene-1.1"]]
    with pytest.raises(InputError, match=r"^All labels are of one host, benzene; leaving one out needs"):
        leave_one_host_out([groups[0], groups[2]])


def test_a_host_with_labels_beyond_the_limit_only_has_no_errors() -> None:
    groups = [group(builtin_monomer("benzene"), "He"), group(builtin_monomer("ethylene"), "He", energy=0.2)]
    quick = FitSettings(members=1, restarts=1, averaged=1, max_iterations=3)
    benzene, ethylene = leave_one_host_out(groups, settings=quick)
    assert (benzene.host, benzene.n_labels, benzene.reason) == ("benzene", 2, "")
    assert benzene.overall is not None
    assert (ethylene.overall, list(ethylene.regions)) == (None, ["beyond"])
    assert ethylene.reason == "ethylene has no reference energy below 1000 cm⁻¹"
