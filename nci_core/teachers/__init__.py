"""Teachers: cheap potentials behind one interface. Nothing heavy is imported until a teacher is used."""

from nci_core.teachers.base import OnPoint, Progress, Teacher, TeacherBase, TeacherLabels, TeacherPoint
from nci_core.teachers.registry import find_teacher

__all__ = ["OnPoint", "Progress", "Teacher", "TeacherBase", "TeacherLabels", "TeacherPoint", "find_teacher"]
