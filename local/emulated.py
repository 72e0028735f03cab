"""``python -m local.emulated``: MiniStack, durable; `local.emulator` starts it."""

import os
from pathlib import Path
from threading import Thread

from ministack import app as ministack

from local.durable import Durable
from local.journal import Journal
from local.lifecycle import keep_expiring


def main() -> None:
    """Serve until asked to stop; where, MiniStack's own environment says."""
    journal, state = Journal(Path(os.environ["JOURNAL"])), Path(os.environ["STATE_DIR"])
    Durable(journal, state, int(os.environ["RESERVE_BYTES"])).install()
    Thread(target=keep_expiring, daemon=True).start()
    ministack.main()


if __name__ == "__main__":
    main()
