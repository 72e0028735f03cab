"""The encoder: VGG16's convolutions in ONNX Runtime."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from captioner.vision.frame import to_square
from captioner.vision.manifest import BundleError
from captioner.vision.text import F32


class ImageEncoder:
    """From photograph to spatial map.

    The session takes uint8 (1, side, side, 3) and gives float32 (1, h, w, channels).
    """

    def __init__(self, session: ort.InferenceSession, side: int) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._side = side

    def map(self, pixels: npt.NDArray[np.uint8]) -> F32:
        """Float32 (h, w, channels) of a photograph uint8 (height, width, 3) RGB of any size."""
        square = to_square(pixels, self._side)
        (found,) = self._session.run(None, {self._input: square[None]})
        return np.asarray(found[0], np.float32)


def load(path: Path, side: int, threads: int) -> ImageEncoder:
    """Load the encoder of an ONNX file; raises `BundleError` where the file is not one."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning thread would take the decoder, which comes next, half of a small function.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own classes, which share no base
        raise BundleError(f"{path} is not an encoder: {error}") from error
    return ImageEncoder(session, side)
