"""Where a test keeps its campaign."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine

from nci_core.store import Store, server


@dataclass(frozen=True)
class Place:
    """Where a test's campaign is: a file in its folder, or a schema of a server."""

    address: str
    folder: Path

    @property
    def kind(self) -> str:
        """What keeps it."""
        return "postgresql" if "://" in self.address else "sqlite"

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction of another program in the same tables."""
        if self.kind == "sqlite":
            engine = create_engine(f"sqlite:///{self.folder / 'campaign.db'}", poolclass=NullPool)
        else:
            address, arguments = server.connection_settings(
                server.parse(self.address), read_only=False, busy_seconds=1.0
            )
            engine = create_engine(address, connect_args=arguments, poolclass=NullPool)
        with engine.begin() as connection:
            yield connection

    def create(self, **options: Any) -> Store:
        return Store.create(self.address, folder=self.folder, **options)

    def open(self, **options: Any) -> Store:
        return Store.open(self.address, folder=self.folder, **options)
