"""What a user may choose about the training of a network."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Method = Literal["naive", "replay", "lora", "frozen"]
#: Ways of fine-tuning, in words for people.
METHODS: dict[str, str] = {
    "naive": "all weights learn, held to the foundation's by their prior width",
    "replay": "a second head goes on saying what the foundation said at other places",
    "lora": "changes of low rank are added to the weights",
    "frozen": "only the last layers learn",
}
assert set(METHODS) == set(get_args(Method))


class TrainSettings(BaseModel):
    """Settings of the fine-tuning of a network.

    >>> TrainSettings(seeds=2).method
    'naive'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Method = Field(default="naive", description="naive, replay, lora or frozen")
    epochs: int = Field(default=0, ge=0, le=100_000, description="passes of MACE's own training loop over the labels")
    steps: int = Field(default=60, ge=0, le=10_000, description="steps to second order after them")
    seeds: int = Field(default=4, ge=1, le=64, description="networks, each fitted without another share of the labels")
    seed: int = Field(default=0, ge=0, description="of what is left out and of the order of the labels")
    left_out: float = Field(default=0.1, ge=0, le=0.5, description="share of the labels that each network never sees")
    device: str = Field(default="auto", description="auto (CUDA when there is one), cpu or cuda")
    sigma_cm1: float = Field(default=0.3, gt=0, description="noise of one label, cm⁻¹")
    wall_cm1: float = Field(default=100.0, gt=0, description="labels above this weigh less, as 1/(1+(E/wall)²)")
    width: float = Field(default=0.3, gt=0, le=100, description="how far weights may move; 1 is that of random ones")
    rate: float = Field(default=0.005, gt=0, le=1, description="first learning rate of the epochs")
    last_rate: float = Field(
        default=0.02, gt=0, le=1, description="learning rate at their end, as a share of the first"
    )
    averaging: float = Field(default=0.99, ge=0, lt=1, description="decay of the moving average of the weights")
    batch: int = Field(default=8, ge=1, le=100_000, description="labels in one step of an epoch")
    tolerance: float = Field(default=1e-3, gt=0, lt=1, description="least gain of a step to second order, of the loss")
    rank: int = Field(default=4, ge=1, le=256, description="of the changes of the method lora")
    frozen: int = Field(default=5, ge=1, le=7, description="layers that the method frozen keeps, as MACE counts them")
    replayed: int = Field(default=100, ge=1, le=100_000, description="places at which the method replay asks")
    replay_sigma_cm1: float = Field(default=3.0, gt=0, description="noise of what the foundation said there, cm⁻¹")
