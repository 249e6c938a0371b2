"""Likeness found when it is asked for, against a product of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from personalize_local.engine.likeness import Likeness


@pytest.mark.parametrize("density", [0.0, 0.02, 0.3])
def test_likeness_is_the_mean_of_what_is_shared_and_of_where_it_points(density: float) -> None:
    features = csr_array(random_array((40, 25), density=density, rng=np.random.default_rng(1)))
    likeness = Likeness.of(features)
    product = (features @ features.T).toarray()
    shared = product / max(product.max(), 1e-12)
    # There are more directions than features: each row keeps its own.
    lengths = np.sqrt(np.diag(product))
    lengths = np.maximum(lengths, lengths[lengths > 0].mean() if density else 1.0)
    along = product / np.outer(lengths, lengths)
    expected = (shared + np.where(along < 0.1, 0, along)) / 2
    np.fill_diagonal(expected, 0)
    for opened in (likeness, Likeness.from_arrays(likeness.arrays())):
        assert len(opened) == 40
        found = np.array([opened.to(item) for item in range(40)])
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_items_are_alike_whose_features_go_together_though_they_share_none() -> None:
    random = np.random.default_rng(1)
    # Each of ten subjects has thirty words; an item has six of those of its subject.
    subject = np.arange(600) % 10
    rows = np.zeros((600, 300))
    for item, mine in enumerate(subject):
        rows[item, 30 * mine + random.permutation(30)[:6]] = 1 / np.sqrt(6)
    likeness = Likeness.of(csr_array(rows))
    alike = np.array([likeness.to(item) for item in range(600)])
    strangers = (rows @ rows.T) == 0
    same = strangers & (subject[:, None] == subject)
    other = subject[:, None] != subject
    assert alike[same].mean() > 0.1
    assert alike[other].mean() < 0.01


def test_directions_are_the_same_every_time() -> None:
    features = csr_array(random_array((300, 200), density=0.05, rng=np.random.default_rng(1)))
    np.testing.assert_array_equal(Likeness.of(features).directions, Likeness.of(features).directions)
    assert Likeness.of(features).directions.shape == (300, 50)
