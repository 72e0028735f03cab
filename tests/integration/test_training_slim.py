"""The slim network while it trains."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from training.slim import Slim, calibrated

pytestmark = [pytest.mark.training, pytest.mark.slow]

PIXELS = np.random.default_rng(3).integers(0, 256, (4, 64, 64, 3)).astype(np.float32)


def test_dropout_disturbs_what_the_last_blocks_see_and_nothing_before() -> None:
    network = Slim(seed=1)
    plain, dropped = network.train(PIXELS), network.train(PIXELS, dropout=0.5)
    assert all(np.array_equal(plain[block], dropped[block]) for block in (0, 1, 2))
    assert all(not np.allclose(plain[block], dropped[block]) for block in (3, 4))


def test_statistics_are_measured_without_dropout() -> None:
    network = Slim(seed=1)
    for _ in range(3):
        network.train(PIXELS, dropout=0.5)
    fresh = Slim(seed=1).arrays()
    measured, wanted = (calibrated(arrays, [PIXELS]) for arrays in (network.arrays(), fresh))
    assert all(np.allclose(measured[name], wanted[name], atol=1e-5) for name in wanted)
