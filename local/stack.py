"""Bringing the local stack up, down, and to oblivion."""

import os
import shutil
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import DEFAULT_OWNER, EMBEDDED, STAGE
from local.deployment import deploy, deployed, outputs
from local.emulator import Emulator
from local.errors import LocalError
from local.images import ImageFunctions
from local.layout import Layout, read_json, write_json
from local.opensearch import OpenSearchNode, data_folder
from local.ports import GATEWAY, checked
from local.recovery import catch_up, recover
from local.steps import step
from local.synthesis import fingerprint, synthesise, synthesised

LEAST_FREE_BYTES = 1_000_000_000


class EmulatorStart(Enum):
    """How the emulator's present run began."""

    NOT = "it ran already"
    IN_ORDER = "for the first time, or after it was stopped"
    AFTER_A_KILL = "after it was killed with unsaved state"


@dataclass(frozen=True, slots=True)
class LocalStack:
    """The stack in one folder.

    Attributes
    ----------
    layout
        The folder.
    port
        Where it answers; None for the port it had, else the emulator's own.
    search
        The search engine; None for the one it had, else the embedded one.
    """

    layout: Layout
    port: int | None = None
    search: str | None = None

    @property
    def facts(self) -> dict[str, str]:
        """How to reach it; empty where it was never up."""
        return read_json(self.layout.stack_file)

    @property
    def running(self) -> bool:
        """True while the emulator, the functions and the search engine are."""
        return (
            self._emulator().process.running
            and self._functions.running
            and (self._engine == EMBEDDED or self._node.process.running)
        )

    def up(self) -> dict[str, str]:
        """Bring the stack up, doing only what is missing, and return its facts.

        Raises
        ------
        LocalError
            A step failed; it says what to do.
        """
        self.layout.make()
        _check_disk(self.layout.home)
        if self.facts.get("search", self._engine) != self._engine:
            self.down()  # the emulator learns at its start where domains answer
        emulator = self._emulator()
        if not emulator.process.running:
            checked(emulator.port)  # now, and not after half a minute's work
        os.environ.update(emulator.credentials())
        wanted = fingerprint(self._engine)
        if not synthesised(self.layout.assembly, wanted):
            with step("Synthesising the CDK app"):
                log = self.layout.logs / "synthesis.log"
                synthesise(self.layout.assembly, log, self._engine)
        emulator = replace(emulator, search_url=self._search_url())
        begun = self._start(emulator)
        resumed = begun is not EmulatorStart.NOT and deployed()
        if read_json(self.layout.deployed_file).get("fingerprint") != wanted or not deployed():
            self._deploy(wanted)
        facts = self._tell(emulator)
        if begun is EmulatorStart.AFTER_A_KILL:
            recover(facts)
        elif resumed or (begun is not EmulatorStart.NOT and self._engine != EMBEDDED):
            catch_up(facts)
        return facts

    def down(self) -> None:
        """Stop every process and keep the data."""
        emulator = self._emulator()
        was_running = emulator.process.running
        emulator.stop()
        self._functions.stop()
        self._node.stop()
        if was_running:
            self._unsaved.unlink(missing_ok=True)

    def clean(self) -> None:
        """Stop every process and forget the data."""
        self.down()
        self._forget_index()
        shutil.rmtree(self.layout.home, ignore_errors=True)

    @property
    def _functions(self) -> ImageFunctions:
        return ImageFunctions(self.layout)

    @property
    def _engine(self) -> str:
        return self.search or self.facts.get("search", EMBEDDED)

    @property
    def _node(self) -> OpenSearchNode:
        return OpenSearchNode(self.layout, data_folder(self.layout.home))

    def _search_url(self) -> str:
        """Start the search engine where it is a process of its own; return where it answers."""
        if self._engine == EMBEDDED:
            return ""
        known = self.facts.get("search_url", "")
        if not self._node.process.running and self._unsaved.exists():
            self._forget_index()  # after a kill it may know later revisions than the catalogue
        with step("Starting OpenSearch"):
            return self._node.start(int(known.rsplit(":", 1)[1]) if known else None)

    def _forget_index(self) -> None:
        shutil.rmtree(self._node.data, ignore_errors=True)

    @property
    def _unsaved(self) -> Path:
        # Stands while the emulator holds what it has not saved: after a kill it still stands.
        return self.layout.home / "unsaved"

    def _emulator(self) -> Emulator:
        kept = Emulator(self.layout, int(self.facts.get("port", GATEWAY)))
        running = kept.process.facts.get("port") if kept.process.running else None
        if running:
            return Emulator(self.layout, int(running))
        return Emulator(self.layout, self.port) if self.port else kept

    def _start(self, emulator: Emulator) -> "EmulatorStart":
        noted = emulator.process.facts if emulator.process.running else {}
        with step("Starting captioner and encoder"):
            proxies = self._functions.start(emulator.credentials(), noted)
        if noted:
            return EmulatorStart.NOT
        killed = self._unsaved.exists()
        with step(f"Starting the emulator of AWS on {emulator.url}"):
            try:
                emulator.start(proxies)
            except LocalError:
                self._functions.stop()
                raise
        self._unsaved.touch()
        return EmulatorStart.AFTER_A_KILL if killed else EmulatorStart.IN_ORDER

    def _deploy(self, wanted: str) -> None:
        again = deployed()
        with step("Updating the stack" if again else "Deploying the stack"):
            deploy(self.layout.assembly)
            self._functions.limit()
        if again:
            self._restart_functions()
        write_json(self.layout.deployed_file, {"fingerprint": wanted})

    def _restart_functions(self) -> None:
        # They read their environment once, and the update may have changed it.
        emulator = self._emulator()
        self._functions.stop()
        self._functions.start(emulator.credentials(), emulator.process.facts)

    def _token(self, table: str) -> str:
        """Return the token it had, if that is still good, else a new one of an administrator."""
        store, known = TokenStore(boto3.client("dynamodb"), table), self.facts.get("token")
        if known and store.caller(known):
            return known
        # To this owner belongs what is put into the bucket by hand.
        token, _ = store.add(DEFAULT_OWNER, [scope.value for scope in Scope], label="local")
        return token

    def _tell(self, emulator: Emulator) -> dict[str, str]:
        told = outputs()
        token = self._token(told["TokensTable"])
        api_url = f"{emulator.url}/_aws/execute-api/{told['ApiId']}/{STAGE}"
        facts = {
            "api_url": api_url,
            "gallery_url": f"{api_url}/#token={token}",
            "token": token,
            "bucket": told["Bucket"],
            "table": told["Table"],
            "tokens_table": told["TokensTable"],
            "queue_url": told["QueueUrl"],
            "dead_letter_queue_url": told["DeadLetterQueueUrl"],
            "aws_endpoint_url": emulator.url,
            "port": str(emulator.port),
            "search": self._engine,
            "search_url": emulator.search_url,
        }
        write_json(self.layout.stack_file, facts)
        return facts


def _check_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise LocalError(
            f"only {free / 1e6:.0f} MB are free where {folder} lies",
            "free a gigabyte, or name a folder on another disk: IMAGE_REPO_LOCAL=/path make demo",
        )
