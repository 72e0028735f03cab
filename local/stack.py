"""Bringing the local stack up, down, and to oblivion."""

import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import DEFAULT_OWNER, EMBEDDED, STAGE
from local.deployment import deploy, deployed, outputs
from local.emulator import GATEWAY, Emulator
from local.errors import LocalError
from local.exclusive import only_command
from local.function import ImageFunctions
from local.layout import Layout, read_json, write_json
from local.objects import bring_back, set_aside
from local.opensearch import OpenSearchNode, data_folder
from local.processes import checked, until
from local.recovery import catch_up, recover
from local.steps import step
from local.synthesis import LOCAL, fingerprint, synthesise, synthesised

LEAST_FREE_BYTES = 1_000_000_000
REMOVE_SECONDS = 60


class LocalStack:
    """The stack in one folder.

    Parameters
    ----------
    layout
        The folder.
    port
        Where it answers; None for the port it had, else the emulator's own.
    search
        The search engine; None for the one it had, else the embedded one.
    context
        What else the CDK is told, as by ``-c NAME=VALUE``; None for what it was told before.
    remove_seconds
        How long the removal of the data is tried.
    """

    def __init__(
        self,
        layout: Layout,
        port: int | None = None,
        search: str | None = None,
        context: Mapping[str, str] | None = None,
        remove_seconds: float = REMOVE_SECONDS,
    ) -> None:
        self.layout = layout
        self._remove_seconds = remove_seconds
        self._port = port
        self._engine = search or self.facts.get("search", EMBEDDED)
        self.context = read_json(layout.context_file) if context is None else context
        self._functions = ImageFunctions(layout)
        self._node = OpenSearchNode(layout, data_folder(layout.home))
        # Stands while the emulator holds what it has not saved: after a kill it still stands.
        self._unsaved = layout.home / "unsaved"

    @property
    def facts(self) -> dict[str, str]:
        """How to reach it; empty where it was never up."""
        return read_json(self.layout.stack_file)

    @property
    def parts(self) -> dict[str, bool]:
        """Whether the emulator, the functions and the search engine run, each by its name."""
        parts = {"the emulator": self._emulator.process.running, **self._functions.parts}
        if self._node.process.running or self.facts.get("search", EMBEDDED) != EMBEDDED:
            parts["OpenSearch"] = self._node.process.running
        return parts

    @property
    def has_data(self) -> bool:
        """True where there is anything that a later start would go on with."""
        return self.layout.journal.exists()

    @property
    def is_deployed(self) -> bool:
        """True where the last start came to its end, so that the facts are those of what runs."""
        port = self._emulator.process.facts.get("port", self.facts.get("port"))
        return self.layout.deployed_file.exists() and self.facts.get("port") == port

    def up(self) -> dict[str, str]:
        """Bring the stack up, doing only what is missing, and return its facts.

        Raises
        ------
        LocalError
            A step failed, or another command is at work on the folder; it says what to do.
        """
        with only_command(self.layout.home):
            return self._up()

    def down(self) -> None:
        """Stop every process and keep the data.

        Raises
        ------
        LocalError
            Another command is at work on the folder.
        """
        with only_command(self.layout.home):
            self._down()

    def clean(self) -> None:
        """Stop every process and forget the data.

        Raises
        ------
        LocalError
            Another command is at work on the folder, or something of it cannot be removed.
        """
        with only_command(self.layout.home):
            self._down()
            for folder in (self._node.data, self.layout.home):
                # Another program may be removing in it, too.
                if not until(partial(_is_removed, folder), self._remove_seconds):
                    raise LocalError(
                        f"the stack is stopped, but {folder} could not be removed",
                        f"remove it yourself: rm -r {folder}",
                    )

    def _up(self) -> dict[str, str]:
        self._check_disk()
        self.layout.make()
        if self.facts.get("search", self._engine) != self._engine:
            self._down()  # the emulator learns at its start where domains answer
        emulator = self._emulator_as_asked()
        write_json(self.layout.context_file, self.context)
        ran, killed = emulator.process.running, self._unsaved.exists()
        if not ran:
            checked(emulator.port)  # now, and not after half a minute's work
            (bring_back if self._is_saved else set_aside)(self.layout)
        adopts = not self._is_saved and (self.layout.journal.exists() or self.layout.aside.exists())
        os.environ.update(emulator.credentials())
        context = {**LOCAL, **self.context}
        wanted = fingerprint(self._engine, context)
        if not synthesised(self.layout.assembly, wanted):
            with step("Synthesising the CDK app"):
                log = self.layout.logs / "synthesis.log"
                synthesise(self.layout.assembly, log, self._engine, context)
        search_url = self._search_url()
        self._start(emulator, search_url)
        was_deployed = deployed()
        if not was_deployed or read_json(self.layout.deployed_file) != {"fingerprint": wanted}:
            self._deploy(wanted, was_deployed)
        if adopts:
            self._adopt(emulator, search_url)
        facts = self._tell(emulator, search_url)
        if adopts or (killed and not ran):
            recover(facts, without_index=adopts)
        elif not ran and (was_deployed or self._engine != EMBEDDED):
            catch_up(facts)
        return facts

    def _emulator_as_asked(self) -> Emulator:
        if not self.layout.deployed_file.exists():
            self._emulator.kill()  # a deployment was cut short: what was saved before it counts
        emulator = self._emulator
        if emulator.port != (self._port or emulator.port):
            raise LocalError(
                f"the stack is running on port {emulator.port}, not on {self._port}",
                f"stop it ('make stop'), then start it with PORT={self._port}: it keeps its data",
            )
        if str(emulator.port) != self.facts.get("port"):
            self._functions.stop()  # they know where the emulator answered
        return emulator

    def _down(self) -> None:
        was_running = self._emulator.process.running
        if not self.layout.deployed_file.exists():
            self._emulator.kill()  # half a deployment is not saved
        self._emulator.stop()
        self._functions.stop()
        self._node.stop()
        if was_running and self.layout.deployed_file.exists():
            self._unsaved.unlink(missing_ok=True)

    @property
    def _is_saved(self) -> bool:
        """True where the emulator's saved state knows a stack, which it then knows whole."""
        return (self.layout.state / "cloudformation.json").exists()

    @property
    def _emulator(self) -> Emulator:
        kept = Emulator(self.layout, int(self.facts.get("port", GATEWAY)))
        if kept.process.running:
            return Emulator(self.layout, int(kept.process.facts["port"]))
        return Emulator(self.layout, self._port) if self._port else kept

    def _check_disk(self) -> None:
        home = self.layout.home
        free = shutil.disk_usage(home).free
        if free < LEAST_FREE_BYTES:
            raise LocalError(
                f"only {free / 1e6:.0f} MB are free where {home} lies",
                "free a gigabyte, or name a folder on another disk: "
                "IMAGE_REPO_LOCAL=/path make demo",
            )

    def _search_url(self) -> str:
        """Start the search engine where it is a process of its own; return where it answers."""
        if self._engine == EMBEDDED:
            return ""
        known = self.facts.get("search_url", "")
        if not self._node.process.running and not self._is_saved:
            # It may know later revisions than a catalogue that begins anew.
            shutil.rmtree(self._node.data, ignore_errors=True)
        with step("Starting OpenSearch"):
            return self._node.start(int(known.rsplit(":", 1)[1]) if known else None)

    def _start(self, emulator: Emulator, search_url: str) -> None:
        noted = emulator.process.facts if emulator.process.running else {}
        with step("Starting captioner and encoder"):
            proxies = self._functions.start(emulator.credentials(), noted)
        if noted:
            return
        with step(f"Starting the emulator of AWS on {emulator.url}"):
            try:
                emulator.start(proxies, search_url)
            except LocalError:
                self._functions.stop()
                raise
        self._unsaved.touch()

    def _deploy(self, wanted: str, again: bool) -> None:
        self.layout.deployed_file.unlink(missing_ok=True)
        if not again:
            # S3 writes to a new queue at once, and what meets a function that is being stopped is
            # hidden for minutes, which a later start would wait for.
            self._restart_functions()
        with step("Updating the stack" if again else "Deploying the stack"):
            deploy(self.layout.assembly)
            self._functions.limit()
        if again:
            self._restart_functions()
        self._emulator.save()
        write_json(self.layout.deployed_file, {"fingerprint": wanted})

    def _restart_functions(self) -> None:
        """Let the functions read their environment, which they do once, at their first event."""
        self._functions.stop()
        self._functions.start(self._emulator.credentials(), self._emulator.process.facts)

    def _adopt(self, emulator: Emulator, search_url: str) -> None:
        """Let a new stack have the bucket, records and messages that are there.

        The first start was killed, or the saved state is lost. What the emulator holds then cannot
        be deployed over: on AWS, too, a template makes its bucket or imports it.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources.html
        """
        proxies = self._functions.start(emulator.credentials(), {})
        with step("Taking up the data that is there"):
            emulator.stop()
            bring_back(self.layout)
            emulator.start(proxies, search_url)

    def _token(self, table: str) -> str:
        """Return the token it had, if that is still good, else a new one of an administrator."""
        store, known = TokenStore(boto3.client("dynamodb"), table), self.facts.get("token")
        if known and store.caller(known):
            return known
        # To this owner belongs what is put into the bucket by hand.
        token, _ = store.add(DEFAULT_OWNER, [scope.value for scope in Scope], label="local")
        return token

    def _tell(self, emulator: Emulator, search_url: str) -> dict[str, str]:
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
            "search_url": search_url,
        }
        write_json(self.layout.stack_file, facts)
        return facts


def _is_removed(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
