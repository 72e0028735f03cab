"""The container-image functions as processes of this machine."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import boto3

from infra.names import HANDLERS
from local.function import PATH
from local.layout import Layout
from local.ports import HOST, any_free
from local.processes import Process

# A handler finishes the photograph in its hands; the queue would bring it back if it did not.
STOP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ImageFunctions:
    """Captioner and encoder, each in a process of its own as on Lambda.

    Attributes
    ----------
    layout
        Where their logs lie.
    """

    layout: Layout

    @property
    def running(self) -> bool:
        """True while all of them are."""
        return all(self._process(name).running for name in HANDLERS)

    def start(self, credentials: Mapping[str, str], ports: Mapping[str, str]) -> dict[str, str]:
        """Start those that are not running and return where each one answers.

        Parameters
        ----------
        credentials
            The environment for AWS's clients.
        ports
            Where an emulator that is already running expects them; empty for free ones.
        """
        return {name: self._started(name, credentials, ports.get(name)) for name in HANDLERS}

    def limit(self) -> None:
        """Tell the emulator that each has one environment here, so that no batch waits in vain.

        Lambda would start another environment for a second batch; here it would wait for the
        first, and its time limit would run meanwhile.
        """
        client = boto3.client("lambda")
        for name in HANDLERS:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)

    def stop(self) -> None:
        """Stop all of them."""
        for name in HANDLERS:
            self._process(name).stop(STOP_SECONDS)

    def _process(self, name: str) -> Process:
        return Process(self.layout, name)

    def _started(self, name: str, credentials: Mapping[str, str], wanted: str | None) -> str:
        process = self._process(name)
        if process.running:
            return process.facts["url"]
        url = wanted or f"http://{HOST}:{any_free()}{PATH}"
        port = url.removeprefix(f"http://{HOST}:").removesuffix(PATH)
        process.start(
            [sys.executable, "-m", "local.function", name, HANDLERS[name], port],
            {
                **os.environ,
                **credentials,
                "OMP_NUM_THREADS": "2",
                # No X-Ray daemon listens here.
                "POWERTOOLS_TRACE_DISABLED": "true",
            },
            {"url": url},
        )
        return url
