"""The caption model at run time: numpy and ONNX Runtime, nothing else.

``bundle.load`` verifies a bundle and gives a ``model.Model``; ``text.load`` gives
the text side alone and needs numpy only.

The decoder's products are small: shared out over threads they take ten times as
long on a busy machine, so numpy's BLAS is given one. It reads that when numpy is
first imported; a process that imports numpy earlier sets the variable itself.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
