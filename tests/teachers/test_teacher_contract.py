"""Teachers that take no time keep the public contract of teachers."""

import pytest

from nci_core.systems import Dimer
from nci_core.teachers import Teacher, find_teacher
from nci_core.testing.teachers import TeacherContract


class TestGFN2(TeacherContract):
    @pytest.fixture
    def teacher(self) -> Teacher:
        return find_teacher("gfn2-xtb")

    @pytest.fixture
    def dimer(self, he_h2: Dimer) -> Dimer:
        return he_h2
