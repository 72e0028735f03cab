"""The emulator of AWS: MiniStack, bound to this machine alone."""

import os
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from local.errors import LocalError
from local.layout import ACCOUNT, REGION, Layout, read_json, write_json
from local.objects import mend
from local.processes import HOST, KILL_SECONDS, Process, listens, remove_meanwhile, until
from local.saved_state import finish_replacing
from local.steps import say

GATEWAY = 4566
START_SECONDS = 180  # it takes 3 where nothing else runs, and was seen to take over 60
# It writes the state of every service before it ends.
STOP_SECONDS = 60
# An idle copy of a function holds 170 MB of disk; the first of each is kept however idle it is.
WARM_SECONDS = "60"
# What it can still lay out, such as a function's code, when it takes no more in.
RESERVE_BYTES = 300_000_000
SAVE_PATH = "/_local/save"


@dataclass(frozen=True, slots=True)
class Emulator:
    """One MiniStack process.

    Attributes
    ----------
    layout
        Where its state lies.
    port
        Where it answers.
    reserve
        It takes nothing in while fewer bytes are free.
    """

    layout: Layout
    port: int
    reserve: int = RESERVE_BYTES

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return f"http://{HOST}:{self.port}"

    @property
    def process(self) -> Process:
        """The process behind it."""
        return Process(self.layout, "ministack")

    def start(self, proxies: Mapping[str, str], search_url: str) -> None:
        """Start it and wait until it answers.

        Parameters
        ----------
        proxies
            Function name to the URL that runs it, for functions of container images.
        search_url
            Where the domains that it makes answer; empty where there are none.

        Raises
        ------
        LocalError
            It ended at once, or does not answer.
        """
        finish_replacing(self.layout.state)
        self._forget_stream_positions()
        self._move()
        self._mend()
        self._clear_scratch()
        self.layout.scratch.mkdir()
        environment = {
            **os.environ,
            **self.credentials(),
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.layout.state),
            "JOURNAL": str(self.layout.journal),
            "RESERVE_BYTES": str(self.reserve),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.layout.objects),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "LAMBDA_EXECUTOR": "local",
            "LAMBDA_WARM_TTL_SECONDS": WARM_SECONDS,
            "TMPDIR": str(self.layout.scratch),
            "MINISTACK_OPENSEARCH_ENDPOINT": search_url.removeprefix("http://"),
            "IOT_MTLS_ENABLED": "0",  # it would listen on every interface
            **{f"MINISTACK_LAMBDA_PROXY_{name}": url for name, url in proxies.items()},
        }
        command = [sys.executable, "-m", "local.emulated"]
        self.process.start(command, environment, {"port": str(self.port), **proxies})
        remedy = "; 'make clean' forgets a state it cannot read"
        self.process.wait("the emulator", f"{self.url}/_ministack/ready", START_SECONDS, remedy)

    def save(self) -> None:
        """Let it save what a deployment made.

        Raises
        ------
        LocalError
            It did not.
        """
        request = urllib.request.Request(f"{self.url}{SAVE_PATH}", method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=STOP_SECONDS):  # noqa: S310  # nosec B310
                return
        except OSError as problem:
            raise LocalError(
                f"the emulator did not save its state: {problem}",
                f"is the disk full? Read {self.process.log}",
            ) from problem

    def stop(self) -> None:
        """Stop it so that it saves its state."""
        self.process.stop(STOP_SECONDS)
        self._clear_scratch()

    def kill(self) -> None:
        """End it without a warning; its threads may have its port for a moment longer."""
        if self.process.running:
            self.process.kill()
            until(lambda: not listens(self.port), KILL_SECONDS)

    def credentials(self) -> dict[str, str]:
        """Return the environment in which AWS's clients talk to it and to nothing else."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _mend(self) -> None:
        torn = mend(self.layout.objects)
        if torn:
            say(f"  {torn} objects that were being replaced are what they were before")

    def _clear_scratch(self) -> None:
        """Have what it unpacked removed meanwhile: 100,000 files of functions that were killed."""
        if self.layout.scratch.exists():
            self.layout.discarded.mkdir(exist_ok=True)
            self.layout.scratch.rename(self.layout.discarded / str(time.time_ns()))
        remove_meanwhile(self.layout.discarded)

    def _forget_stream_positions(self) -> None:
        """Let readers of streams begin where the stream begins.

        The emulator saves how far each reader has come but not the streams themselves. Kept, a
        position of 500 would hide the first 500 changes after a restart from the indexer.
        """
        saved = self.layout.state / "lambda.json"
        state = read_json(saved)
        if state.get("payload", {}).pop("dynamodb_stream_positions", None):
            write_json(saved, state)

    def _move(self) -> None:
        """Let what was made on another port answer on this one.

        The emulator saves queues under their URLs, and functions with those in their environment.
        """
        kept = read_json(self.layout.stack_file).get("aws_endpoint_url", self.url)
        if kept != self.url:
            for saved in self.layout.state.glob("*.json"):
                half = saved.with_suffix(".half")
                half.write_text(saved.read_text().replace(f"{kept}/", f"{self.url}/"))
                half.replace(saved)
