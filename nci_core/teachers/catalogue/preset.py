"""One teacher of the catalogue."""

import re
from typing import Literal, Self

from ase.data import atomic_numbers, chemical_symbols
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

#: Where a teacher's weights are: it has none; in its package's wheel; a file that we fetch by its address and check; or
#: where the package itself fetches them.
Weights = Literal["none", "wheel", "download", "package"]
#: What a teacher is.
Kind = Literal["network", "quantum chemistry", "semiempirical"]
SPAN = re.compile(r"([A-Z][a-z]?)(?:-([A-Z][a-z]?))?")


def elements_of(text: str) -> tuple[str, ...]:
    """Symbols in the order of their numbers, from single ones and ranges; raises ValueError for what is no element.

    >>> elements_of("H C-O Br")
    ('H', 'C', 'N', 'O', 'Br')
    """
    found: set[int] = set()
    for part in text.split():
        match = SPAN.fullmatch(part)
        first, last = (match[1], match[2] or match[1]) if match else (part, part)
        if first not in atomic_numbers or last not in atomic_numbers or atomic_numbers[last] < atomic_numbers[first]:
            raise ValueError(f"{part!r} is no element and no range of elements")
        found |= set(range(atomic_numbers[first], atomic_numbers[last] + 1))
    return tuple(chemical_symbols[number] for number in sorted(found - {0}))


class Preset(BaseModel):
    """What is known of one teacher, so that people can choose it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: str = Field(min_length=1, description="what --teacher takes")
    title: str = Field(min_length=1, description="its name for people")
    family: str = Field(min_length=1, description="what begins its specification: mace, sevennet, hf-d4 …")
    kind: Kind = Field(description="what it is")
    elements_text: str = Field(alias="elements", description="elements, singly and as ranges; empty: nobody says")
    level: str = Field(min_length=1, description="the level of theory that it is, or was trained on")
    trained_on: str = Field("", description="data set of a network")
    channels: tuple[str, ...] = Field(("total",), description="what of the energy it can tell apart")
    licence: str = Field(min_length=1, description="of the weights, or of the program where there are none")
    commercial: bool | None = Field(description="whether the licence allows commercial use; not set: read it")
    parameters: int | None = Field(None, gt=0, description="weights of a network")
    size_mb: float | None = Field(None, gt=0, description="size of the weights in MB")
    weights: Weights = Field("none", description="where its weights are")
    url: str = Field("", description="address of the weights' file")
    file_name: str = Field("", description="name of that file in the folder of downloads; of a wheel, its path there")
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="digest of the file; not set: recorded")
    pickle: bool = Field(False, description="whether the file can run code when it is loaded")
    package: str = Field(min_length=1, description="distribution that it needs")
    module: str = Field(min_length=1, description="what that is imported as")
    install: str = Field("", description="what installs it; empty where it comes with nci")
    separate: bool = Field(False, description="whether it needs an environment of its own, without MACE's packages")
    heads: tuple[str, ...] = Field((), description="of a network with several, the one that is taken first")
    reference: str = Field(min_length=1, description="DOI or arXiv number")
    advice: str = Field(min_length=1, description="one sentence on weak interactions, with rare gases above all")
    tried: bool = Field(description="whether it has been run by those who wrote this catalogue")
    measured: str = Field("", description="what was found then, and how")

    @field_validator("elements_text")
    @classmethod
    def _elements(cls, text: str) -> str:
        elements_of(text)
        return text

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.family != self.spec.partition(":")[0]:
            raise ValueError(f"{self.spec!r} does not begin with its family {self.family!r}")
        if (self.weights == "download") != bool(self.url):
            raise ValueError(f"{self.spec!r} has an address without being downloaded from it, or none")
        if self.weights in ("download", "wheel") and not self.file_name:
            raise ValueError(f"{self.spec!r} has weights without the name of their file")
        if self.measured and not self.tried:
            raise ValueError(f"{self.spec!r} has been measured and not tried")
        return self

    @property
    def elements(self) -> tuple[str, ...]:
        """Chemical symbols that it covers, by their numbers; empty where nobody says."""
        return elements_of(self.elements_text)

    def covers(self, *symbols: str) -> bool | None:
        """Whether it covers all of these elements; None where nobody says."""
        known = self.elements
        return set(symbols) <= set(known) if known else None
