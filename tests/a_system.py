"""A row of a system, for tests of what is stored. Not a molecule that anything is computed for."""

from nci_core.store import StoredSystem
from nci_core.store.base import Role


def a_system(name: str = "he-benzene", role: Role = "train") -> StoredSystem:
    host = {"name": "benzene", "symbols": ["C", "H"], "positions_angstrom": [[0.0, 0.0, 0.0], [0.0, 0.0, 1.09]]}
    probe = {"name": "He", "symbols": ["He"], "positions_angstrom": [[0.0, 0.0, 0.0]]}
    more = {"charge": 0, "source": ""}
    return StoredSystem(name=name, role=role, place=0, host=host | more, probe=probe | more)
