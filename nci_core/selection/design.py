"""Optimal design of a linearised Gaussian model. Numpy only."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Labels after which falls are computed afresh: every update leaves a rounding error of the falls before it.
REFRESH = 50


def posterior_covariance(J: FloatArray, variance: FloatArray) -> FloatArray:
    """Σ = (1 + JᵀV⁻¹J)⁻¹ for whitened parameters.

    Args:
        J: (k, p) Jacobian of the labelled points by whitened parameters.
        variance: (k,) V, noise variances of their labels.
    """
    precision = np.eye(J.shape[1]) + (J.T / variance) @ J
    inverse = np.linalg.inv(precision)
    covariance: FloatArray = 0.5 * (inverse + inverse.T)
    return covariance


def add_label(covariance: FloatArray, j: FloatArray, variance: float) -> FloatArray:
    """Σ after one more label with Jacobian j (p,): Σ − Σj jᵀΣ/(v + jᵀΣj)."""
    v = covariance @ j
    updated: FloatArray = covariance - np.outer(v, v) / (variance + j @ v)
    return updated


def total_variance_reduction(
    J: FloatArray, variance: FloatArray, covariance: FloatArray, target: FloatArray
) -> FloatArray:
    """(n,) fall of Σ_p Var(p) if each point x were labelled: Σ_p Cov(x,p)²/(v_x + Var x).

    Args:
        J: (n, p) Jacobian of the candidates.
        variance: (n,) noise variances of their labels.
        covariance: (p, p) Σ.
        target: (p, p) G = Σ_p j_p j_pᵀ over the points that matter.
    """
    projected = J @ covariance
    numerator = np.einsum("np,np->n", projected @ target, projected)
    reduction: FloatArray = numerator / (variance + np.einsum("np,np->n", projected, J))
    return reduction


class Falls:
    """`total_variance_reduction` of all n points, kept up to date label by label in O(n p) instead of O(n p²).

    With v = Σj and s = 1/(v_x + jᵀΣj) of the new label, Σ − s v vᵀ changes jᵢᵀΣjᵢ by −s wᵢ² and jᵢᵀΣGΣjᵢ by
    −2s wᵢ(jᵢᵀΣGv) + s²wᵢ²(vᵀGv), where wᵢ = jᵢᵀv.

    Args:
        J: (n, p); variance: (n,); covariance: (p, p); target: (p, p), as there.
    """

    def __init__(self, J: FloatArray, variance: FloatArray, covariance: FloatArray, target: FloatArray) -> None:
        self.J, self.variance, self.covariance, self.target = J, variance, covariance, target
        self.labels = 0
        self._begin()

    def _begin(self) -> None:
        projected = self.J @ self.covariance
        self.numerator = np.einsum("np,np->n", projected @ self.target, projected)
        self.spread = np.einsum("np,np->n", projected, self.J)

    def values(self) -> FloatArray:
        """(n,) fall of Σ_p Var(p) if each point were labelled next."""
        values: FloatArray = self.numerator / (self.variance + self.spread)
        return values

    def label(self, row: int) -> None:
        """Take a label of this point into account."""
        j, noise = self.J[row], float(self.variance[row])
        v = self.covariance @ j
        towards = self.target @ v
        s = 1.0 / (noise + j @ v)
        w, across = (self.J @ np.stack([v, self.covariance @ towards], axis=1)).T
        self.spread -= s * w * w
        self.numerator += s * w * (s * (v @ towards) * w - 2.0 * across)
        self.covariance = add_label(self.covariance, j, noise)
        self.labels += 1
        if self.labels % REFRESH == 0:
            self._begin()


def greedy_i_optimal(
    J: FloatArray,
    variance: FloatArray,
    covariance: FloatArray,
    targets: npt.NDArray[np.bool_],
    free: npt.NDArray[np.bool_],
    count: int,
    cost: FloatArray | None = None,
    budget: float = np.inf,
) -> tuple[list[int], list[float]]:
    """Rows of J chosen one by one to lower the summed variance of the targets most, and those falls.

    With costs, each step takes what lowers it most per unit of cost among what can still be paid.

    Args:
        J: (n, p); variance: (n,); covariance: (p, p) with the labels so far.
        targets: (n,) points whose variance counts.
        free: (n,) points that may be chosen.
        count: how many at most.
        cost: (n,) positive cost of each label; None: all the same.
        budget: what all of them together may cost; never exceeded.
    """
    G = J[targets].T @ J[targets]
    price = np.ones(len(J)) if cost is None else cost
    free, left = free.copy(), budget
    chosen: list[int] = []
    scores: list[float] = []
    falls = Falls(J, variance, covariance, G)
    while len(chosen) < count and (free := free & (price <= left)).any():
        rows = np.flatnonzero(free)
        fall = falls.values()[rows]
        k = int(np.argmax(fall / price[rows]))
        best = int(rows[k])
        chosen.append(best)
        scores.append(float(fall[k]))
        free[best] = False
        left -= float(price[best])
        falls.label(best)
    return chosen, scores
