"""Submodels in the table of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["fits_by_row"]


def fits_by_row(results: Mapping[str, Any]) -> NDArray[np.int64]:
    """Return the number of fits of each row of ``cv_results_``.

    Parameters
    ----------
    results : mapping of str to ndarray
        The table of a search of skhpo.

    Returns
    -------
    n_fits : ndarray of shape (n_candidates,)
        The folds that were run; 0 for a submodel, which was scored on the fits of another row.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.submodels import fits_by_row
    >>> table = {"n_splits_evaluated": np.array([5, 5, 2]), "submodel_of": np.array([-1, 0, -1])}
    >>> fits_by_row(table).tolist()
    [5, 0, 2]
    """
    n_fits = np.asarray(results["n_splits_evaluated"])
    if "submodel_of" not in results:
        return n_fits
    return np.where(np.asarray(results["submodel_of"]) >= 0, 0, n_fits)
