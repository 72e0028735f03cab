"""Whether a local stack keeps its word where AWS is slow: ``python -m benchmarks.faults``.

A stack of its own takes uploads, edits, deletes and searches for some time (``--seconds 120``),
while a share of all that its functions ask of DynamoDB, S3, SQS and Lambda (``--share 0.05``) is
delayed by 1 to 10 seconds, throttled, or done without an answer. Then everything that was answered
with success must be so, once.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.faulty_proxy import Faults, proxied
from benchmarks.kills import ROOT, KilledStack, compared, end, parsed, settle
from benchmarks.load import Load
from local.processes import HOST, any_free

TELL_SECONDS = 15


def main() -> None:
    """Disturb, check and print; fail where something is not as it was answered."""
    parser = argparse.ArgumentParser(description="Disturb what a local stack asks of AWS.")
    parser.add_argument("--seconds", type=float, default=120, help="of load (120)")
    parser.add_argument("--share", type=float, default=0.05, help="of requests (0.05)")
    parser.add_argument("--seed", type=int, default=0, help="of what goes wrong (0)")
    asked = parsed(parser)
    with tempfile.TemporaryDirectory() as folder:
        home, port = asked.home or Path(folder), asked.port or any_free()
        told = disturbed(home, port, asked.seconds, asked.share, asked.seed)
    end(told)


def disturbed(  # noqa: PLR0917  as the command line names them
    home: Path,
    port: int,
    seconds: float,
    share: float,
    seed: int = 0,
    tell: Callable[[str], None] = print,
) -> dict[str, float]:
    """Let a share of requests go wrong under load; of the figures `FAULTS` should be 0."""
    faults = Faults(seed)
    with proxied(f"http://{HOST}:{port}", faults) as url, tempfile.TemporaryDirectory() as folder:
        paths = {"PYTHONPATH": str(ROOT / "benchmarks" / "faulty"), "FAULTY_ENDPOINT_URL": url}
        stack = KilledStack(home, port, environment=paths)
        stack.up()
        begin, faults.share = time.perf_counter(), share
        with Load(stack.client, Path(folder), seed) as load:
            while time.perf_counter() - begin < seconds:
                time.sleep(min(TELL_SECONDS, seconds))
                tell(str(load.ledger.tally()))
        faults.share = 0.0
        happened = dict(sorted(faults.happened.items()))
        with stack.client() as client:
            waited = settle(stack, client, load.ledger)
            told = compared(client, load.ledger)
        stack.down()
    return {
        **happened,
        **load.ledger.tally(),
        "seconds": time.perf_counter() - begin,
        "seconds_to_settle": waited,
        **told,
    }


if __name__ == "__main__":
    main()
