"""The captioner: photographs in, captions and vectors out. Only ``handler`` knows of AWS.

The decoder's products are small: shared out over threads they take ten times as long on a busy
machine, so numpy's BLAS is given one. It reads that when numpy is first imported, which this
package must precede.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
