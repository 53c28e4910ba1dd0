"""mace-torch, where it is installed, without what it does to the process that imports it."""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from typing import Any

import torch

from nci_core.errors import ModelError
from nci_core.teachers.networks import UNSAFE_LOAD


def mace_package() -> Any:
    """mace-torch with its modules, tools and training; ModelError where it is missing."""
    flag = os.environ.get(UNSAFE_LOAD)
    try:
        with _silence():
            import mace
            import mace.modules
            import mace.tools.scripts_utils
    except ImportError:
        raise ModelError("MACE networks need the package mace-torch; install it with pip install mace-torch.") from None
    finally:
        _put_back(flag)
    return mace


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What MACE and e3nn print and warn of is dropped inside."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _put_back(flag: str | None) -> None:
    if flag is None:
        os.environ.pop(UNSAFE_LOAD, None)
    else:
        os.environ[UNSAFE_LOAD] = flag


@contextlib.contextmanager
def float64() -> Iterator[None]:
    """float64 inside; afterwards torch's default dtype and the environment are as before; nothing is logged."""
    dtype, flag = torch.get_default_dtype(), os.environ.get(UNSAFE_LOAD)
    disabled = logging.root.manager.disable
    torch.set_default_dtype(torch.float64)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(disabled)
        torch.set_default_dtype(dtype)
        _put_back(flag)


@contextlib.contextmanager
def built() -> Iterator[None]:
    """As `float64`, where networks are made or read; what MACE prints and warns of then is dropped."""
    with float64(), _silence():
        yield
