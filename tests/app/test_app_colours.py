"""Colours stay apart for every kind of colour vision, on screen and on a projector.

Colour blindness is simulated with the matrices of G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, IEEE Trans.
Vis. Comput. Graph. 15, 1291 (2009), doi:10.1109/TVCG.2009.113, severity 1.0, applied to linear RGB.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from app.theme import DARK, LIGHT, Palette

FloatArray = npt.NDArray[np.float64]

VISION = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
#: Lines that are told apart by colour must differ by ΔE(CIE 1976) of 20: about nine just noticeable differences
#: (2.3; Mahy, Van Eycken and Oosterlinck, Color Res. Appl. 19, 105 (1994)), enough for thin lines that do not touch.
APART = 20.0
#: WCAG 2.2, 1.4.11: graphics need 3 : 1 against their ground; 1.4.3: small text needs 4.5 : 1.
GRAPHICS, TEXT = 3.0, 4.5


def linear(colour: str) -> FloatArray:
    """#rrggbb → linear RGB, shape (3,), sRGB transfer function of IEC 61966-2-1."""
    v = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def seen(colour: str, vision: str) -> FloatArray:
    """Linear RGB as somebody with this vision sees it."""
    return np.clip(VISION[vision] @ linear(colour), 0.0, 1.0)


def luminance(rgb: FloatArray) -> float:
    return float(rgb @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str, vision: str = "all cones") -> float:
    """Contrast ratio of WCAG 2."""
    high, low = sorted((luminance(seen(a, vision)), luminance(seen(b, vision))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb: FloatArray) -> FloatArray:
    """CIE L*a*b* (D65) of linear sRGB."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    t = matrix @ rgb / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def distance(a: str, b: str, vision: str) -> float:
    return float(np.linalg.norm(lab(seen(a, vision)) - lab(seen(b, vision))))


#: Colours that share a figure and mean different things.
GROUPS = {
    "potentials": ("teacher", "student", "reference", "earlier"),
    "terms": ("electrostatics", "exchange", "induction", "dispersion", "student"),
    "marks on a map": ("pick", "proposal", "text"),
}
PALETTES = {"light": LIGHT, "dark": DARK}


def group(colours: Palette, name: str) -> dict[str, str]:
    if name == "regions":
        return {key: value for key, value in colours.regions.items() if key != "beyond"}
    return {key: getattr(colours, key) for key in GROUPS[name]}


def test_the_simulation_confuses_what_it_should() -> None:
    red, green = "#C00000", "#657000"
    assert distance(red, green, "all cones") > 60
    assert distance(red, green, "deuteranopia") < 30
    assert distance("#FFFFFF", "#000000", "protanopia") == pytest.approx(100.0, abs=1.0)


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("name", [*GROUPS, "regions"])
def test_colours_of_one_figure_stay_apart(theme: str, vision: str, name: str) -> None:
    found = group(PALETTES[theme], name)
    close = {
        f"{a} and {b}": round(distance(found[a], found[b], vision), 1)
        for a, b in combinations(found, 2)
        if distance(found[a], found[b], vision) < APART
    }
    assert not close


@pytest.mark.parametrize("theme", PALETTES)
def test_terms_keep_their_colours_and_unknown_ones_get_some(theme: str) -> None:
    colours = PALETTES[theme]
    found = colours.of_terms(["mine", "dispersion", "exchange", "yours"])
    assert (found["dispersion"], found["exchange"]) == (colours.dispersion, colours.exchange)
    assert len(set(found.values())) == 4
    assert colours.of_terms(["repulsion"]) == {"repulsion": colours.exchange}


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("vision", VISION)
def test_lines_and_marks_show_on_their_ground(theme: str, vision: str) -> None:
    colours = PALETTES[theme]
    names = ("teacher", "student", "reference", "earlier", *GROUPS["terms"], "pick", "proposal")
    faint = {
        name: round(contrast(getattr(colours, name), colours.ground, vision), 2)
        for name in names
        if contrast(getattr(colours, name), colours.ground, vision) < GRAPHICS
    }
    assert not faint
    assert contrast(colours.text, colours.ground, vision) >= TEXT


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scale", ["signed", "energy"])
def test_signs_are_told_apart_on_a_diverging_scale(theme: str, vision: str, scale: str) -> None:
    """Low and high ends differ at equal size of the value, and each side changes steadily in lightness."""
    stops = getattr(PALETTES[theme], scale)
    middle = len(stops) // 2
    for k in range(1, middle + 1):
        # The outermost stops are both very dark (or very light) and mean "off the scale": hue is all that is left.
        assert distance(stops[middle - k], stops[middle + k], vision) > APART
    lightness = [lab(seen(stop, vision))[0] for stop in stops]
    for side in (lightness[: middle + 1], lightness[middle:]):
        steps = np.diff(side)
        assert (steps > 0).all() or (steps < 0).all()


@pytest.mark.parametrize("theme", PALETTES)
def test_the_middle_of_a_scale_shows_on_the_ground(theme: str) -> None:
    """Points without error must not vanish: 1.3 : 1, a light grey on white, is what a projector still shows."""
    colours = PALETTES[theme]
    for scale in (colours.signed, colours.energy):
        assert contrast(scale[len(scale) // 2], colours.ground) > 1.3
