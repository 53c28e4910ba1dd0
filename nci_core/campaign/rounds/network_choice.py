"""What may be chosen about the fine-tuning of a network, as it waits in the queue. No torch."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core.errors import InputError

#: Ways of fine-tuning and what they are, for people; `training.settings` has the same names.
METHODS: dict[str, str] = {
    "naive": "all weights learn, held to the foundation's by their prior",
    "replay": "a second head goes on saying what the foundation said at places of the pool",
    "lora": "changes of low rank are added to the weights",
    "frozen": "only the last layers learn",
}


class NetworkChoice(BaseModel):
    """A foundation and how it is fine-tuned; None is the default of `training.settings`.

    >>> NetworkChoice.checked(foundation="small", method="lora").payload()
    {'foundation': 'small', 'method': 'lora'}
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    foundation: str = Field(min_length=1, max_length=4000, description="a name, or the path of a file")
    method: Literal["naive", "replay", "lora", "frozen"] = "naive"
    epochs: int | None = Field(default=None, ge=0, le=100_000)
    steps: int | None = Field(default=None, ge=0, le=10_000)
    seeds: int | None = Field(default=None, ge=1, le=64)
    head: str | None = Field(default=None, max_length=200)
    trusted: bool = False
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$")

    @classmethod
    def checked(cls, **given: Any) -> Self:
        """The choice of these values; InputError, one sentence, for one that cannot be. Paths become absolute."""
        if is_file(str(given.get("foundation", ""))):
            given["foundation"] = str(Path(str(given["foundation"])).expanduser().absolute())
        try:
            return cls(**given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"])) or "choice"
            raise InputError(f"The {name} of the fine-tuning cannot be {first['input']!r}: {first['msg']}.") from None

    def numbers(self) -> dict[str, int | None]:
        """Epochs, steps and seeds."""
        return {"epochs": self.epochs, "steps": self.steps, "seeds": self.seeds}

    def payload(self) -> dict[str, Any]:
        """JSON values for the queue: all that was chosen."""
        return self.model_dump(exclude_defaults=True) | {"method": self.method}

    def check_readable(self) -> None:
        """InputError where a file is not there, or is a pickle that nobody vouches for."""
        if not is_file(self.foundation):
            return
        path = Path(self.foundation)
        if not path.is_file():
            raise InputError(f"There is no file {path}; give a MACE .model, a network of nci (.pt), or a name.")
        if path.suffix != ".pt" and not self.trusted and self.sha256 is None:
            raise InputError(
                f"{path} is a pickle, which can run any code when it is loaded; if you trust where it comes from, give "
                "--trust, or its SHA-256 digest with --sha256."
            )


def is_file(foundation: str) -> bool:
    """Whether a foundation is a file and not a name.

    >>> is_file("medium-omat-0"), is_file("my/own.model"), is_file("own.pt")
    (False, True, True)
    """
    return "/" in foundation or foundation.endswith((".model", ".pt"))
