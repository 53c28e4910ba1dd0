"""I-optimal selection: the labels that make the student most certain where it matters."""

import numpy as np
import numpy.typing as npt
import torch

from nci_core.errors import InputError, ModelError
from nci_core.fitting.objective import label_weights
from nci_core.fitting.priors import prior_after
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection.budget import Linearised
from nci_core.selection.design import FloatArray, greedy_i_optimal, posterior_covariance
from nci_core.selection.request import Selection, SelectionRequest
from nci_core.systems.configurations import Configurations
from nci_core.units import from_cm1


def whitened_jacobian(ensemble: Ensemble, at: Configurations) -> tuple[FloatArray, FloatArray]:
    """Energies (m,) in eV of the first member and dE/dz (m, p) by whitened parameters, eV."""
    if ensemble.prior is None:
        raise ModelError("This model keeps no prior widths, which I-optimal selection needs; fit it with nci.")
    energies, J = ensemble.members[0].jacobian(at)
    return energies, prior_after(ensemble).to(torch.device("cpu")).by_z(torch.from_numpy(J)).numpy()


def label_variance(energies: FloatArray, sigma_cm1: float) -> FloatArray:
    """σ²/W(E) in eV²: the noise a fit grants a label of this energy."""
    variance: FloatArray = from_cm1(sigma_cm1) ** 2 / label_weights(energies)
    return variance


def linearised(
    energies: FloatArray, J: FloatArray, labelled: npt.ArrayLike, targets: npt.ArrayLike, sigma_cm1: float
) -> Linearised:
    """The Gaussian posterior of a linearised student, given the labels of some rows.

    Args:
        energies, J: from `whitened_jacobian`, (n,) and (n, p).
        labelled: rows with a label.
        targets: (n,) bool, points whose uncertainty counts.
        sigma_cm1: noise of a label in cm⁻¹.
    """
    rows = np.asarray(labelled, dtype=np.int64)
    variance = label_variance(energies, sigma_cm1)
    covariance = posterior_covariance(J[rows], variance[rows])
    return Linearised(J, variance, covariance, np.asarray(targets, dtype=bool))


def i_optimal(request: SelectionRequest) -> Selection:
    """Greedy I-optimal design of the linearised student; each score is the expected fall of Σ Var in eV².

    With Σ = (P + JᵀWJ/σ²)⁻¹, the posterior covariance of the parameters given the labelled points,
    take argmax_x Σ_p Cov(x,p)²/(σ_x² + Var x) over pool points p predicted below the limit, update
    Σ for that label, and repeat; Cohn's criterion, DOI 10.1613/jair.295. Where the pools have prices, what is
    maximised is that fall per price. All pools are weighed together: a label of one system tells of the others
    what their common parameters do. It needs no energies of the
    candidates, only the model's own.

    The request's model gives energies and derivatives; a distilled model (no labels yet) works too.
    """
    if request.ensemble is None:
        raise InputError("I-optimal selection needs a model; distil or fine-tune one first.")
    model = request.ensemble
    parts = [whitened_jacobian(model, pool.configurations) for pool in request.pools]
    energies, J = np.concatenate([energies for energies, _ in parts]), np.concatenate([J for _, J in parts])
    labelled = np.asarray(request.labelled)
    # Not the model's own σ: a distilled model's belongs to thousands of teacher labels.
    sigma_cm1 = request.sigma_cm1 or FitSettings().noise_cm1(len(labelled) + request.count)
    targets, free = request.inside(energies), request.candidates(energies)
    posterior = linearised(energies, J, labelled, targets, sigma_cm1)
    chosen, scores = greedy_i_optimal(
        J, posterior.variance, posterior.covariance, targets, free, request.count, request.price()
    )
    return Selection(np.array(chosen, dtype=np.int64), np.array(scores), posterior.std())
