"""Where tensors live."""

import torch

from nci_core.errors import InputError


def resolve_device(device: str = "auto") -> torch.device:
    """'auto' takes a CUDA device where there is one, else the CPU; InputError where the choice is missing.

    >>> resolve_device("cpu").type
    'cpu'
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise InputError(f"Unknown device {device!r}; choose auto, cpu or cuda.") from None
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"Device {device!r} was asked for, but torch finds no CUDA device here; choose auto or cpu.")
    if chosen.type not in ("cpu", "cuda"):
        raise InputError(f"Device {device!r} cannot be used for float64 potentials; choose auto, cpu or cuda.")
    return chosen
