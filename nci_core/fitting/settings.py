"""What a user may choose about a fit."""

from pydantic import BaseModel, ConfigDict, Field

#: Closeness (cm⁻¹) of a distilled student to its teacher, and where the teacher's energies are of several hosts: nearer
#: than its form allows, dispersion coefficients leave what is computed of the monomers. Chosen among 0.3, 1, 2 and 3.
TEACHER_SIGMA_CM1, TEACHER_SIGMA_HOSTS_CM1 = 0.3, 1.0
#: Noise σ (cm⁻¹) of a label when a distilled student is fine-tuned: about what convergence thresholds leave.
SIGMA_CM1 = 0.03
#: The same of a label beside labels of other hosts: what a host has of its own, no parameter that it shares with others
#: can say, and told to say it they bend elsewhere. Chosen among 0.03, 0.3, 1, 3 and 10 by errors at frozen places of
#: helium over aromatics (seeds 0, 1; `benchmarks/host_noise.py`).
SIGMA_HOSTS_CM1 = 3.0
#: The same of a direct fit, by number of labels: few labels must not force a model that has no teacher.
SIGMA_DIRECT_BY_COUNT = ((30, 0.3), (200, 0.1), (1000, 0.05))


class FitSettings(BaseModel):
    """Settings of distillation and fine-tuning.

    >>> FitSettings().noise_cm1(20), FitSettings().noise_cm1(20, direct=True), FitSettings().noise_cm1(20, hosts=2)
    (0.03, 0.3, 3.0)
    >>> FitSettings(sigma_cm1=1.0).noise_cm1(50)
    1.0
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    restarts: int = Field(
        default=8, ge=1, le=64, description="starting points; a distilled student hands on as many optima"
    )
    averaged: int = Field(default=4, ge=1, le=64, description="optima of the best evidence whose mean is the model")
    members: int = Field(
        default=5, ge=1, le=64, description="fits that error bars come from: the best, and displaced ones in pairs"
    )
    seed: int = Field(default=0, ge=0, description="seed of starting points and perturbations")
    device: str = Field(default="auto", description="where the fit runs: auto (CUDA when there is one), cpu or cuda")
    kappa: float = Field(
        default=2.0,
        gt=0,
        le=10,
        description="prior width of fine-tuning as a multiple of the learned one: 2, because it was learned from one "
        "dimer and the next may differ more; less keeps to the teacher",
    )
    sigma_cm1: float | None = Field(
        default=None,
        gt=0,
        description="noise of one label in cm⁻¹; none: 0.03, without a teacher 0.3 to 0.03 by number of labels, and 3 "
        "where labels are of several hosts",
    )
    teacher_sigma_cm1: float | None = Field(
        default=None,
        gt=0,
        description="closeness of the distilled student to its teacher in cm⁻¹; none: 0.3, and 1 where energies are "
        "of several hosts; much closer than the teacher is right, parameters only bend to imitate it",
    )
    wall_cm1: float = Field(
        default=100.0, gt=0, description="labels above this energy in cm⁻¹ weigh less, as 1/(1+(E/wall)²)"
    )
    max_iterations: int = Field(default=100, ge=1, description="Levenberg–Marquardt steps per member")
    tolerance: float = Field(
        default=1e-3, gt=0, lt=1, description="stop when the objective falls by less than this share in a step"
    )

    def noise_cm1(self, count: int, *, direct: bool = False, hosts: int = 1) -> float:
        """σ in cm⁻¹ for a fit to `count` labels of so many hosts, with a distilled student as prior or direct."""
        if self.sigma_cm1 is not None:
            return self.sigma_cm1
        if hosts > 1:
            return SIGMA_HOSTS_CM1
        if not direct:
            return SIGMA_CM1
        return next((sigma for below, sigma in SIGMA_DIRECT_BY_COUNT if count < below), SIGMA_CM1)

    def teacher_noise_cm1(self, hosts: int) -> float:
        """σ in cm⁻¹ for teacher energies of so many hosts.

        >>> FitSettings().teacher_noise_cm1(1), FitSettings().teacher_noise_cm1(4)
        (0.3, 1.0)
        """
        if self.teacher_sigma_cm1 is not None:
            return self.teacher_sigma_cm1
        return TEACHER_SIGMA_CM1 if hosts < 2 else TEACHER_SIGMA_HOSTS_CM1
