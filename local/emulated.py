"""``python -m local.emulated``: MiniStack, durable; `local.emulator` starts it."""

import os
from pathlib import Path

from ministack import app as ministack

from local.durable import Durable
from local.journal import Journal


def main() -> None:
    """Serve until asked to stop; where, MiniStack's own environment says."""
    Durable(Journal(Path(os.environ["JOURNAL"])), Path(os.environ["STATE_DIR"])).install()
    ministack.main()


if __name__ == "__main__":
    main()
