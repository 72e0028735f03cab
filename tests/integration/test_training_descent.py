"""The optimizer of distillation, and the number format it works in."""

from pathlib import Path

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from training.arrays import Tensor  # noqa: E402
from training.descent import MUON_SCALE, Descent  # noqa: E402
from training.networks import precisions  # noqa: E402

pytestmark = pytest.mark.training


def kernel(seed: int) -> Tensor:
    return tf.Variable(tf.random.stateless_normal((3, 3, 8, 16), (seed, seed)))


def test_a_kernel_moves_alike_along_every_direction_of_its_gradient() -> None:
    before, moved = kernel(1), kernel(1)
    descent = Descent([moved], decay=0.0)
    descent.rate.assign(0.01)
    descent.apply([kernel(2)], [moved])
    step = tf.reshape(before - moved, (72, 16)) / (0.01 * MUON_SCALE * 72**0.5)
    stretches = np.linalg.svd(step.numpy(), compute_uv=False)
    assert stretches.min() > 0.6
    assert stretches.max() < 1.3


def test_kernels_and_biases_are_both_fitted() -> None:
    wanted, inputs = kernel(3), tf.random.stateless_normal((16, 6, 6, 8), (4, 4))
    target = tf.nn.conv2d(inputs, wanted, 1, "SAME") + 2.0
    learnt, bias = kernel(5), tf.Variable(tf.zeros(16))
    descent = Descent([learnt, bias], decay=0.0, clip=1e9)
    losses = []
    for step in range(200):
        descent.rate.assign(0.1 * (1 - step / 200))
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.nn.conv2d(inputs, learnt, 1, "SAME") + bias - target) ** 2)
        losses.append(float(loss))
        descent.apply(tape.gradient(loss, [learnt, bias]), [learnt, bias])
    assert losses[-1] < 0.01 * losses[0]


def test_weights_decay_and_biases_do_not() -> None:
    matrix, bias = tf.Variable(tf.ones((4, 4))), tf.Variable(tf.ones(4))
    descent = Descent([matrix, bias], decay=0.5)
    descent.rate.assign(0.1)
    descent.apply([tf.zeros((4, 4)), tf.zeros(4)], [matrix, bias])
    assert float(matrix[0, 0]) == pytest.approx(0.95)
    assert float(bias[0]) == 1.0


@pytest.mark.parametrize(
    ("flags", "name"),
    [("flags : fpu avx512_bf16 sse", "bfloat16"), ("flags : fpu avx512f", "float32")],
)
def test_bfloat16_is_taken_where_the_processor_multiplies_it(
    tmp_path: Path, flags: str, name: str
) -> None:
    (tmp_path / "cpuinfo").write_text(flags)
    assert precisions(tmp_path / "cpuinfo")["auto"].name == name


def test_without_a_list_of_flags_it_is_float32(tmp_path: Path) -> None:
    assert precisions(tmp_path / "cpuinfo")["auto"] is tf.float32
