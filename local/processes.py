"""Starting processes that outlive this one, finding them again and stopping them."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import LocalError
from local.layout import ROOT, Layout, read_json, write_json


@dataclass(frozen=True, slots=True)
class Process:
    """One background process of the local stack, known by its name.

    Attributes
    ----------
    layout
        Where its pid file and its log lie.
    name
        Of both.
    """

    layout: Layout
    name: str

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.layout.logs / f"{self.name}.log"

    @property
    def running(self) -> bool:
        """True while the very process that was started lives."""
        noted = self._noted()
        return bool(noted) and _birth(int(noted["pid"])) == noted["birth"]

    @property
    def facts(self) -> dict[str, str]:
        """What was noted at its start."""
        facts = self._noted().get("facts", {})
        return dict(facts) if isinstance(facts, dict) else {}

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        facts: Mapping[str, str],
        user: int | None = None,
    ) -> None:
        """Start it in a session of its own, its output going to its log.

        Parameters
        ----------
        facts
            To be noted beside its pid.
        user
            Who it runs as, which only root may choose; None for whoever starts it.
        """
        with self.log.open("ab") as log:
            started = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        started.returncode = 0  # it outlives this program, which Popen would warn of
        birth = _birth(started.pid)
        write_json(self._file, {"pid": started.pid, "birth": birth, "facts": dict(facts)})

    def stop(self, patience: float) -> None:
        """Ask it to end, and end it after ``patience`` seconds."""
        if self.running:
            pid = int(self._noted()["pid"])
            _signal(pid, signal.SIGTERM)
            if not self._gone_within(patience):
                _signal(pid, signal.SIGKILL)
                self._gone_within(5)
        self._file.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it without a warning."""
        if self.running:
            _signal(int(self._noted()["pid"]), signal.SIGKILL)
            self._gone_within(5)

    def wait(self, what: str, url: str, seconds: float, remedy: str = "") -> None:
        """Wait until it answers ``GET url`` with success.

        Raises
        ------
        LocalError
            It ended, or does not answer within ``seconds``.
        """
        end = time.monotonic() + seconds
        while self.running and time.monotonic() < end:
            if _answers(url):
                return
            time.sleep(0.1)
        happened = f"did not answer within {seconds} s" if self.running else "ended at once"
        raise LocalError(f"{what} {happened}:\n{self.last_words()}", f"read {self.log}" + remedy)

    def last_words(self) -> str:
        """Return the end of its log."""
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-12:])

    @property
    def _file(self) -> Path:
        return self.layout.processes / f"{self.name}.pid"

    def _noted(self) -> dict[str, Any]:
        return read_json(self._file)

    def _gone_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not self.running:
                return True
            time.sleep(0.05)
        return not self.running


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=3):  # noqa: S310  # nosec B310
            return True
    except OSError:  # refused, cut off, or a status that is none of success
        return False


def _birth(pid: int) -> str | None:
    """Return when a process started, so that a pid given to another is not mistaken for it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return _birth_by_ps(pid) if not Path("/proc/self").exists() else None
    return None if fields[0] == "Z" else fields[19]


def _birth_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
