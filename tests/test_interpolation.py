"""Surfaces through scattered values: exact at the anchors, as symmetric as the host, silent far away, convergent."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.interpolation import REACH, first_of_each_place, gap, left_out, orbit, through
from nci_core.systems import Monomer, builtin_monomer

FloatArray = npt.NDArray[np.float64]
Shell = Callable[..., FloatArray]


@pytest.fixture(scope="module", params=["ethylene", "benzene", "bent"])
def host(request: pytest.FixtureRequest) -> Monomer:
    if request.param != "bent":
        return builtin_monomer(request.param)
    return Monomer("bent", ("O", "C", "S"), np.array([[0.0, 0.3, 0.1], [1.2, 0.0, 0.0], [2.0, 1.4, 0.0]]))


def smooth(host: Monomer, points: FloatArray) -> FloatArray:
    """A function with the host's symmetry that changes over some 3 Å."""
    away = np.linalg.norm(points[:, None] - host.positions, axis=-1)
    found: FloatArray = np.exp(-away / 3.0).sum(axis=1) + 0.1 * np.cos(away).sum(axis=1)
    return found


def test_stored_values_are_kept_at_their_places_and_at_all_equivalent_ones(host: Monomer, shell: Shell) -> None:
    anchors = shell(host, 60)
    values = np.random.default_rng(1).normal(size=60)
    surface = through(host, anchors, values)
    np.testing.assert_allclose(surface.at(anchors), values, atol=1e-8)
    for image in orbit(host, anchors):
        np.testing.assert_allclose(surface.at(image + host.centre), values, atol=1e-3)


def test_it_is_as_symmetric_as_the_host(host: Monomer, shell: Shell) -> None:
    anchors, points = shell(host, 60), shell(host, 40, seed=7)
    surface = through(host, anchors, smooth(host, anchors))
    first = surface.at(points, reach=50.0)
    for image in orbit(host, points):
        np.testing.assert_allclose(surface.at(image + host.centre, reach=50.0), first, atol=1e-5)
    assert np.ptp(first) > 0.1


def test_far_from_every_anchor_nothing_is_said(host: Monomer, shell: Shell) -> None:
    anchors, points = shell(host, 8), shell(host, 300, seed=3)
    away = gap(host, anchors, points)
    assert (away > REACH).any()
    assert (away <= REACH).any()
    said = np.isfinite(through(host, anchors, np.ones(8)).at(points))
    np.testing.assert_array_equal(said, away <= REACH)
    if len(host.operations) > 1:  # an image is as good as the anchor
        assert gap(host, anchors, orbit(host, anchors)[-1] + host.centre).max() < 0.01


def test_more_anchors_bring_it_closer(host: Monomer, shell: Shell) -> None:
    points = shell(host, 200, seed=5)
    errors = []
    for n in (20, 80, 320):
        anchors = shell(host, n)
        errors.append(
            np.median(
                np.abs(through(host, anchors, smooth(host, anchors)).at(points, reach=50.0) - smooth(host, points))
            )
        )
    assert errors[1] < 0.6 * errors[0]
    assert errors[2] < 0.6 * errors[1]


def test_anchors_left_out_measure_the_error(host: Monomer, shell: Shell) -> None:
    anchors = shell(host, 300)
    exact = smooth(host, anchors)
    said = left_out(host, anchors, exact)
    there = np.isfinite(said)
    assert 0.5 < there.mean() <= 1.0
    error = np.median(np.abs(said - exact)[there])
    assert 0.0 < error < 0.05 * np.ptp(exact)  # exact at the anchors only if they were used
    np.testing.assert_array_equal(said, left_out(host, anchors, exact))
    noise = np.random.default_rng(0).normal(size=300)
    assert np.nanmedian(np.abs(left_out(host, anchors, noise) - noise)) > 0.4


def test_doubles_and_flat_sets_of_anchors_are_taken(host: Monomer) -> None:
    line = host.centre + np.array([[0.0, 0.0, z] for z in (3.0, 3.5, 4.0, 5.0)])
    doubled = np.concatenate([line, line[:2] + 1e-5])
    assert first_of_each_place(host, doubled).sum() == 4
    said = through(host, doubled, np.arange(6.0)).at(line)
    np.testing.assert_allclose(said, np.arange(4.0), atol=1e-8)
    np.testing.assert_allclose(through(host, line[:1], [2.0]).at(line[:1]), [2.0], atol=1e-12)
