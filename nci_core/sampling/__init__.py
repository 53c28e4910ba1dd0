"""Where the probe goes: guide potentials and the seeded sampler."""

from nci_core.sampling.guide import Guide, PairGuide, as_guide
from nci_core.sampling.sampler import SampleResult, SampleSettings, sample

__all__ = ["Guide", "PairGuide", "SampleResult", "SampleSettings", "as_guide", "sample"]
