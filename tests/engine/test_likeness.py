"""Likeness found when it is asked for, against a product of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from personalize_local.engine.likeness import Likeness


@pytest.mark.parametrize("density", [0.0, 0.02, 0.3])
def test_likeness_is_the_product_of_rows_of_which_none_is_longer_than_1(density: float) -> None:
    features = csr_array(random_array((40, 25), density=density, rng=np.random.default_rng(1)))
    likeness = Likeness.of(features)
    product = (features @ features.T).toarray()
    product /= max(product.max(), 1e-12)
    np.fill_diagonal(product, 0)
    for opened in (likeness, Likeness.from_arrays(likeness.arrays())):
        assert len(opened) == 40
        found = np.array([opened.to(item) for item in range(40)])
        np.testing.assert_allclose(found, product, atol=1e-6)
