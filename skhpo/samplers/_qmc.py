"""Quasi-Monte Carlo: points that fill the space evenly (Bergstra and Bengio 2012, section 5)."""

from __future__ import annotations

import zlib
from typing import ClassVar, Literal, Never

import numpy as np
from numpy.typing import NDArray

from skhpo.history import Columns
from skhpo.samplers._base import ColumnSampler
from skhpo.samplers._dialect import check_left_out

__all__ = ["QMCSampler"]

N_FURTHER = 8  # additional random points, in case the first was tried (finite spaces)
LEFT_OUT = {
    "independent_sampler": (None, "each group of parameters has its own sequence"),
}


class QMCSampler(ColumnSampler):
    """Draw trial number t from position t of a low-discrepancy sequence.

    The points fill the space more evenly than random ones and do not depend on the results. They
    are useful as a start for other samplers, to visualise the whole space, and as a baseline.

    Parameters
    ----------
    qmc_type : {"sobol", "halton"}, default="sobol"
        The sequence. Sobol's sequence is most even after 2, 4, 8, ... trials.
    scramble : bool, default=True
        Randomise the sequence, which preserves its evenness. If False, the first point is a
        corner of the space, and the seed has no effect.
    seed : int, optional
        Seed of the scrambling; None draws one from the system. Workers that share a study must
        use the same seed to share the sequence.
    **left_out
        Arguments of Optuna's sampler. Those that control warnings have no effect; others
        raise an error that states the reason.

    Notes
    -----
    Parameters that occur together share a sequence; each group of a conditional space has its own.
    Trials do not depend on each other, so they can run in any order and on any worker.

    References
    ----------
    A. B. Owen, "Randomly permuted (t, m, s)-nets and (t, s)-sequences", 1995.

    Examples
    --------
    >>> import skhpo
    >>> study = skhpo.create_study(sampler=skhpo.samplers.QMCSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=16)
    >>> sorted(int(8 * trial.params["x"]) for trial in study.trials)  # two in each eighth
    [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    """

    learns: ClassVar[bool] = False

    def __init__(
        self,
        *,
        qmc_type: Literal["sobol", "halton"] = "sobol",
        scramble: bool = True,
        seed: int | None = None,
        **left_out: Never,
    ) -> None:
        check_left_out(QMCSampler, left_out, LEFT_OUT)
        if qmc_type not in ("sobol", "halton"):
            raise ValueError(f"`qmc_type` must be 'sobol' or 'halton'; got {qmc_type!r}.")
        super().__init__(seed=seed)
        self.qmc_type = qmc_type
        self.scramble = scramble

        self._sequences: dict[tuple[str, ...], NDArray[np.float64]] = {}

    def reseed(self, seed: int | None) -> None:
        """Set the seed; None draws one from the system."""
        super().reseed(seed)
        self._sequences = {}

    def propose(self, columns: Columns, rng: np.random.Generator) -> NDArray[np.float64]:
        """Propose the point of the sequence at the position given by the number of trials."""
        history = columns.history
        return self._at(columns.names, history.n_trials - history.n_submodels)[None, :]

    def _points(self, columns: Columns, number: int) -> NDArray[np.float64]:
        """Propose the trial's point of the sequence, then random points in case it was tried."""
        own = self._at(columns.names, max(0, number - columns.history.n_submodels))
        return np.vstack([own, self.stream(number).random((N_FURTHER, len(own)))])

    def _at(self, names: tuple[str, ...], position: int) -> NDArray[np.float64]:
        """Return a point of the sequence of a group of parameters."""
        if position >= len(self._sequences.get(names, ())):
            self._sequences[names] = self._sequence(names, max(6, position.bit_length()))
        point: NDArray[np.float64] = self._sequences[names][position]
        return point

    def _sequence(self, names: tuple[str, ...], log2_length: int) -> NDArray[np.float64]:
        from scipy.stats import qmc

        make = qmc.Sobol if self.qmc_type == "sobol" else qmc.Halton
        group = zlib.crc32(repr(names).encode())
        rng = np.random.default_rng((self._entropy, group))  # type: ignore[arg-type]
        engine = make(len(names), scramble=self.scramble, seed=rng)
        length = 2**log2_length
        points: NDArray[np.float64] = (
            engine.random_base2(log2_length) if self.qmc_type == "sobol" else engine.random(length)
        )
        return points[_shuffled_blocks(rng, length)] if self.scramble else points


def _shuffled_blocks(rng: np.random.Generator, length: int) -> NDArray[np.int64]:
    """Shuffle positions within 1, 2-3, 4-7, 8-15, ...

    Otherwise the sequences of two groups would be correlated, because the leading digits of both
    depend on the last digits of the position.
    """
    order = np.arange(length)
    start = 1
    while start < length:
        rng.shuffle(order[start : 2 * start])
        start *= 2
    return order
