"""The built-in recipes. No PySCF here: the dashboard reads them."""

from nci_core.errors import InputError
from nci_core.labels import focal_point as general
from nci_core.labels.focal_point import LARGE, MEDIUM, SMALL, focal_point
from nci_core.labels.recipes import Composite, Extrapolation, FunctionSet, Recipe

#: What labels are computed by where nobody asked for another: nothing in it was fitted to one system.
DEFAULT = general.NAME

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="quick",
            host_basis={"*": "6-31g"},
            probe_basis="aug-cc-pvdz",
            midbond=SMALL,
            description="for trying things out: under a minute for He-benzene, wells tens of per cent off",
        ),
        Recipe(
            name="standard",
            host_basis={"*": "cc-pvdz", "H": "6-31g"},
            probe_basis="aug-cc-pvtz",
            midbond=MEDIUM,
            # On hydrogen 6-31G instead of cc-pVDZ changes HF + MP2 over benzene by 3 cm⁻¹ at most
            # on the wall and 0.3 in the well, and saves 40% of the time.
            description="mixed basis with midbond functions; wells some cm⁻¹ shallower than at the basis-set limit",
        ),
        Recipe(
            name="composite",
            host_basis={"*": "6-31g"},
            probe_basis="aug-cc-pvdz",
            midbond=SMALL,
            integrals="fitted",
            composite=Composite(
                larger=FunctionSet(
                    host_basis={"*": "aug-cc-pvtz", "H": "cc-pvdz"},
                    probe_basis="aug-cc-pvtz",
                    midbond=LARGE,
                    host_fitting={"*": "aug-cc-pvtz-jkfit", "H": "cc-pvtz-jkfit"},
                ),
                # Fitted to 19 published CCSD(T)/CBS energies of He–benzene, DOI 10.5281/zenodo.18049741:
                # benchmarks/calibrate_composite.py.
                mean_field=0.977,
                mp2_larger=0.830,
                mp2=-0.927,
                ccsd=1.271,
                triples=-1.074,
            ),
            description="calibrated for He over benzene and its like; over other hosts focal-point is better",
        ),
        focal_point(),
        Recipe(
            name="dz",
            host_basis={"*": "aug-cc-pvdz"},
            probe_basis="aug-cc-pvdz",
            description="canonical aug-cc-pVDZ, to compare with published data; far from the basis-set limit",
        ),
        Recipe(
            name="dt",
            host_basis={"*": "aug-cc-pvtz"},
            probe_basis="aug-cc-pvtz",
            extrapolation=Extrapolation(
                smaller=FunctionSet(host_basis={"*": "aug-cc-pvdz"}, probe_basis="aug-cc-pvdz"), cardinals=(3, 2)
            ),
            description="extrapolated from aug-cc-pVTZ and aug-cc-pVDZ; hours and tens of GB a fragment, for clusters",
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """A built-in recipe by name; raises InputError for an unknown one.

    >>> find_recipe("standard").basis_name
    'cc-pvdz(H: 6-31g)/aug-cc-pvtz+3s3p2d'
    """
    try:
        return RECIPES[name]
    except KeyError:
        raise InputError(f"Unknown recipe {name!r}; choose one of {', '.join(RECIPES)}.") from None
