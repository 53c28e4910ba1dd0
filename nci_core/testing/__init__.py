"""Suites that say what a potential, term, teacher, recipe or model file must satisfy; whoever writes one inherits them.

They need pytest, which nothing else in nci does. A suite is a class: derive from it in a test file, give it the
fixtures that its docstring names, and all of its tests run on what is yours. Where a number in a class attribute does
not suit, set it in your class, and say why.
"""

import pytest

pytest.register_assert_rewrite(
    *(f"{__name__}.{module}" for module in ("checkpoints", "potentials", "recipes", "teachers", "terms"))
)
