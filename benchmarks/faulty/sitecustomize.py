"""Sends what functions ask of AWS through the proxy of `benchmarks.faults`.

Python imports a module of this name when it starts, where its folder is in PYTHONPATH. The emulator
starts functions with their names in the environment; captioner and encoder are `local.function`.
"""

import os
import sys

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ or "local.function" in sys.orig_argv:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        os.environ[name] = os.environ["FAULTY_ENDPOINT_URL"]
