"""The one plane that is drawn of a host: it holds what matters, whatever frame the host is given in."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nci_core.systems import Monomer, builtin_monomer
from nci_core.systems.planes import IN_PLANE, telling_plane

METHANE = Monomer(
    "methane", tuple("CHHHH"), 0.629 * np.array([[0, 0, 0], [1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
)
NITROGEN = Monomer("nitrogen", ("N", "N"), np.array([[0.0, 0.0, 0.55], [0.0, 0.0, -0.55]]))
TURN = Rotation.from_rotvec([0.3, -1.1, 0.7])
NEON = Monomer("neon", ("Ne",), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("host", "atoms"),
    [(builtin_monomer("benzene"), 4), (builtin_monomer("ethylene"), 2), (METHANE, 3), (NITROGEN, 2), (NEON, 1)],
    ids=lambda value: getattr(value, "name", value),
)
def test_it_holds_most_of_the_host_in_any_frame(host: Monomer, atoms: int) -> None:
    turned = Monomer(host.name, host.symbols, TURN.apply(host.positions.copy()) + np.array([1.0, 2.0, 3.0]))
    for given in (host, turned):
        plane = telling_plane(given, 0.5)
        np.testing.assert_allclose(
            np.stack([plane.across, plane.up]) @ np.stack([plane.across, plane.up]).T, np.eye(2), atol=1e-9
        )
        places = plane.project(given.positions)
        assert (np.abs(places[:, 2]) < IN_PLANE).sum() == atoms
        assert (np.abs(places[:, 0]) < plane.u[-1]).all()
    np.testing.assert_allclose(telling_plane(host, 0.5).u[-1], telling_plane(turned, 0.5).u[-1], atol=1e-6)


def test_a_flat_host_is_seen_from_its_edge_and_a_linear_one_lies_in_the_plane() -> None:
    for name in ("benzene", "ethylene"):
        host = builtin_monomer(name)
        assert abs(telling_plane(host, 0.5).up @ host.axes[2]) == pytest.approx(1.0)
    assert abs(telling_plane(NITROGEN, 0.5).across[2]) == pytest.approx(1.0)


def test_grid_points_lie_where_they_are_projected() -> None:
    host = builtin_monomer("ethylene")
    plane = telling_plane(host, 0.5)
    assert plane.u[-1] == -plane.u[0]
    on_paper = np.column_stack(
        [*(g.ravel() for g in np.meshgrid(plane.u, plane.v)), np.zeros(plane.points[..., 0].size)]
    )
    np.testing.assert_allclose(plane.project(plane.points), on_paper, atol=1e-9)
    np.testing.assert_allclose(plane.place(on_paper[:, :2]), plane.points.reshape(-1, 3), atol=1e-9)
