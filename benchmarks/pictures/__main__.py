"""What decoding a photograph costs.

``python -m benchmarks.pictures --data DIR [--against CHECKOUT]``

The median of a JPEG of Flickr8k, decoded and captioned, beside another checkout's where one is
named: processes in turn, so that a machine that changes its pace changes both. Then memory and time
of the largest photographs, and of files that claim to be larger than they may be.
"""

import argparse
from pathlib import Path

from benchmarks.pictures.bombs import bombs
from benchmarks.pictures.large import large
from benchmarks.pictures.speed import compared


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="folder with Flicker8k_Dataset")
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    if chosen.data:
        compared(chosen.data / "Flicker8k_Dataset", chosen.against, chosen.rounds)
    large()
    bombs()


if __name__ == "__main__":
    main()
