"""Planted bugs: a text of one file in the place of another, found by the histories or not.

Each runs in a process of its own, whose imports read the mutated text; the files stay as they are.
"""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutant:
    """One planted bug: in ``file``, ``new`` stands where ``old`` did, once."""

    name: str
    file: str
    old: str
    new: str

    def planted(self) -> str:
        """Return the mutated source.

        Raises
        ------
        ValueError
            The file has the text not at all, or several times.
        """
        source = (ROOT / self.file).read_text()
        if source.count(self.old) != 1:
            times = source.count(self.old)
            raise ValueError(f"{self.name}: {self.file} has its text {times} times")
        return source.replace(self.old, self.new)


INGEST, EVENTS = "chalicelib/ingest.py", "chalicelib/events.py"
TRANSITIONS, BATCH = "chalicelib/transitions.py", "captioner/batch.py"
DYNAMODB, COUNTS = "chalicelib/catalogue/dynamodb.py", "chalicelib/catalogue/counts.py"
TABLE, CHANGES = "chalicelib/catalogue/table.py", "indexer/changes.py"
WRITER, STORE = "chalicelib/search/replicated/writer.py", "chalicelib/search/replicated/store.py"
IMPORTS, DUE = "chalicelib/imports.py", "chalicelib/due.py"

MUTANTS = (
    Mutant(
        "an older event replaces what a newer one left",
        INGEST,
        "if is_purge or is_older(event.sequencer, record.sequencer):",
        "if is_purge:",
    ),
    Mutant(
        "an event reads the newest version instead of its own",
        INGEST,
        "read(event.key, version_id=event.version_id, limit",
        "read(event.key, limit",
    ),
    Mutant(
        "a redrive undoes a deletion",
        INGEST,
        "is_late = record.state is State.DELETED or record.sequencer != event.seen",
        "is_late = record.sequencer != event.seen",
    ),
    Mutant(
        "a removed event believes S3's name for it",
        INGEST,
        "if found is not None:\n",
        "if found is not None and event.version_id is None:\n",
    ),
    Mutant(
        "sequencers are padded at the wrong end",
        EVENTS,
        'one.ljust(width, "0") < other.ljust(width, "0")',
        'one.rjust(width, "0") < other.rjust(width, "0")',
    ),
    Mutant("keys are not decoded", EVENTS, "key = unquote_plus(quoted)", "key = quoted"),
    Mutant(
        "a person's words go with the file",
        TRANSITIONS,
        "_OUTLIVING_THE_FILE = HUMAN_SOURCES - {Source.FILE}",
        "_OUTLIVING_THE_FILE = frozenset[Source]()",
    ),
    Mutant(
        "an import replaces what a user wrote",
        TRANSITIONS,
        "after.caption and after.caption.source is Source.USER)",
        "after.caption and after.caption.source is Source.FILE)",
    ),
    Mutant(
        "a failed attempt undoes a description",
        TRANSITIONS,
        "if image.state in DESCRIBED and not is_newer:",
        "if image.state in DESCRIBED and is_newer:",
    ),
    Mutant(
        "a batch acknowledges what failed",
        BATCH,
        "return all(outcomes)",
        "return True",
    ),
    Mutant(
        "one failure fails the messages after it",
        BATCH,
        "attempts = _attempts(record)\n            if attempts >= RECORD_FROM_ATTEMPT:",
        "attempts = _attempts(record)\n            if True:",
    ),
    Mutant(
        "a write forgets its condition",
        DYNAMODB,
        '"ConditionExpression": "rev = :rev"',
        '"ConditionExpression": "attribute_exists(rev)"',
    ),
    Mutant(
        "a record that leaves a state is still counted there",
        COUNTS,
        'steps = {after: "1", before: "-1"}',
        'steps = {after: "1", before: "0"}',
    ),
    Mutant(
        "keys that were left unprocessed are forgotten",
        TABLE,
        'left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])',
        "left = []",
    ),
    Mutant(
        "a page of a scan is the last one",
        TABLE,
        'if "LastEvaluatedKey" not in answer:',
        "if answer:",
    ),
    Mutant(
        "events that the bus refused are forgotten",
        "indexer/batch.py",
        "return [*events]",
        "return []",
    ),
    Mutant(
        "a partly refused call of the bus counts as done",
        CHANGES,
        'if answer.get("FailedEntryCount"):',
        'if answer.get("FailedEntryCount", 0) > 99:',
    ),
    Mutant(
        "every write is published as a change",
        CHANGES,
        "(self.before and self.before.state is image.state)",
        "(self.before and self.before == image)",
    ),
    Mutant(
        "what waits or failed is searchable",
        "chalicelib/search/port.py",
        "if image.state not in SEARCHABLE:",
        "if image.state is State.DELETED:",
    ),
    Mutant(
        "a removal is left out of the index",
        WRITER,
        "segment, failed = segment_of(documents)",
        "segment, failed = segment_of([one for one in documents if not one.deleted])",
    ),
    Mutant(
        "a manifest replaces another writer's",
        STORE,
        'condition: Any = {"IfMatch": replacing} if replacing else {"IfNoneMatch": "*"}',
        "condition: Any = {}",
    ),
    Mutant(
        "a rebuilt index misses what was published meanwhile",
        WRITER,
        "for segment in self._replica.segments(parts):\n            index.take(segment)",
        "_ = parts",
    ),
    Mutant(
        "a roll-back goes live as old as it is",
        WRITER,
        "taken = self._fill(former, progress)",
        "taken = 0",
    ),
    Mutant(
        "a base takes in a part of its runs",
        WRITER,
        'self._added("run", merged, runs[0].after, runs[-1].upto)',
        'self._added("run", merged, runs[0].after, manifest.generation + 1)',
    ),
    Mutant(
        "statistics are everybody's",
        "chalicelib/search/ranking.py",
        "conditions = (visible, *(AllOf((visible, one.condition)) for one in plan.weighed))",
        "conditions = (visible, *(one.condition for one in plan.weighed))",
    ),
    Mutant(
        "another owner's record is shown",
        "chalicelib/api/visibility.py",
        "if not caller.sees(image.owner):",
        "if not caller.owner:",
    ),
    Mutant(
        "a revoked token stays in the cache",
        "chalicelib/access.py",
        "if known and self.clock() - known[0] < CACHE_SECONDS:",
        "if known:",
    ),
    Mutant(
        "a file of captions is not entered",
        IMPORTS,
        "self._captions.register(event.key)\n",
        "\n",
    ),
    Mutant(
        "a photograph does not look for its caption",
        BATCH,
        "self.imports.caption(message.key)",
        "pass",
    ),
    Mutant(
        "an import that is late is not continued",
        IMPORTS,
        "if is_late():\n                self._continue(report)",
        "if is_late():\n                pass",
    ),
    Mutant(
        "a form that was used expires",
        DUE,
        "for record in ended if record.key not in found]",
        "for record in ended]",
    ),
    Mutant(
        "a file of which no event told waits for ever",
        DUE,
        "self.queue.send([redrive(file.key, size=file.size) for file in lost])",
        "",
    ),
    Mutant(
        "what came back is left where it is",
        DUE,
        "back = [restored(record, now) for record in records if record.key in found]",
        "back = [restored(record, now) for record in records if record.key not in found]",
    ),
    Mutant(
        "a dead letter is acknowledged whatever came of it",
        "chalicelib/dead_letters.py",
        'stays", received.message_id)\n            return False',
        'stays", received.message_id)\n            return True',
    ),
)


class _Planted(SourceFileLoader):
    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.planted(), self.path, "exec")


class Planter(MetaPathFinder):
    """Imports a mutated module in the place of the one that is there."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the module's place, if it is the mutated one."""
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin != str(ROOT / self._mutant.file):
            return None
        spec.loader = _Planted(fullname, spec.origin, self._mutant)
        return spec


def plant(name: str) -> None:
    """Let every later import meet a mutant."""
    sys.meta_path.insert(0, Planter(next(one for one in MUTANTS if one.name == name)))


def hunt(names: Sequence[str], histories: int, broken: Sequence[int]) -> int:
    """Print after how many histories each mutant is found; return how many never were.

    Histories that are ``broken`` without any mutant prove nothing.
    """
    wanted = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    missed = 0
    for mutant in wanted:
        command = [sys.executable, "-m", "tests.simulation", "--plant", mutant.name]
        told = subprocess.run(
            [*command, "--histories", str(histories), "--skip", ",".join(map(str, broken))],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        answer = (told.stdout or told.stderr).strip().splitlines()
        found = bool(answer) and answer[-1].startswith("found")
        missed += not found
        last = answer[-1] if answer else "no answer"
        print(f"{'✓' if found else '✗'} {mutant.file:44} {mutant.name}: {last}", flush=True)
    print(f"{len(wanted) - missed} of {len(wanted)} planted bugs found")
    return missed
