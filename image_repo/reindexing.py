"""The command that has the search index made anew, or goes back to the one before it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from image_repo.client import Client
from image_repo.config import AsJson, session_of
from image_repo.errors import ApiProblem, Unreachable
from image_repo.output import console, progress, remarks, write_json

NOT_FOUND = 404
POLL_SECONDS = 1.0
# A run tells of itself every second; the indexer may first have to start, or to be free.
SILENT_SECONDS = 900.0


def reindex(
    context: typer.Context,
    roll_back: Annotated[
        bool, typer.Option("--rollback", help="Go back to the index before the present one.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Rebuild the search index from the catalogue.

    Searches and uploads go on meanwhile. The new index takes the place of the present one when it
    is whole, and the present one is kept to go back to. A run that was cut is continued by the
    next one. This command only follows the run, which does not need it.
    """
    with session_of(context).client() as client:
        told = client.call("POST", "reindex", body={"roll_back": roll_back})
        if wait:
            total = client.call("GET", "stats")["total"]
            told = Following(client, told["id"]).to_the_end(total)
    if as_json:
        write_json(told)
    elif not wait:
        console.print("It is being made; searches answer from the present index until then.")
    else:
        done = "gone back to" if roll_back else "made"
        console.print(f"The index is {done}: {told['records']} records of the catalogue read.")


@dataclass(frozen=True, slots=True)
class Following:
    """Watches one run.

    Attributes
    ----------
    sleep, clock
        Seconds.
    """

    client: Client
    run_id: str
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def to_the_end(self, total: int) -> dict[str, Any]:
        """Return what the run told last; show meanwhile how many records of ``total`` it read.

        Raises
        ------
        ApiProblem, Unreachable
            It failed, or nothing is heard of it.
        """
        with progress() as bars:
            task = bars.add_task("Waiting for the indexer", total=None)
            heard, since = None, self.clock()
            while True:
                told = self._told()
                if told != heard:
                    heard, since = told, self.clock()
                    self._show(bars, task, told, total)
                if told and told["state"] in ("finished", "failed"):
                    return _ended(told)
                if self.clock() - since > SILENT_SECONDS:
                    raise Unreachable("nothing is heard of it: see the indexer's log")
                self.sleep(POLL_SECONDS)

    def _told(self) -> dict[str, Any] | None:
        try:
            told = self.client.call("GET", "reindex")
        except ApiProblem as problem:
            if problem.status != NOT_FOUND:
                raise
            return None
        return told if told["id"] == self.run_id else None

    def _show(self, bars: Progress, task: TaskID, told: dict[str, Any] | None, total: int) -> None:
        if told is None:
            return
        # Deleted records are read, too, and not counted in the total.
        whole = max(total, told["records"])
        bars.update(task, description="Reading", completed=told["records"], total=whole)
        if not remarks.is_terminal:
            remarks.print(f"[dim]{told['records']} of about {whole} records read[/]")


def _ended(told: dict[str, Any]) -> dict[str, Any]:
    if told["state"] == "failed":
        raise ApiProblem(500, f"the index stays as it is: {told['reason']}")
    return told
