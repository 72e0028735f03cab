"""What an import tells at its end."""

from collections import Counter
from collections.abc import Iterator

from rich.markup import escape

from image_repo.client import Json
from image_repo.importing import Folder, Imported
from image_repo.names import about, counted
from image_repo.terminal import console, remarks
from image_repo.uploading import Fate

SHOWN = 20


def report(found: Folder, imported: Imported) -> Json:
    """Return what became of a folder, for scripts; `tell_report` puts it in words."""
    outcomes = sorted(imported.outcomes, key=lambda one: one.photograph.label)
    failed = [
        {"file": one.photograph.label, "problem": problem}
        for one in outcomes
        if (problem := imported.problem(one))
    ]
    fates = Counter(one.fate for one in outcomes if not imported.problem(one))
    return {
        "photographs": len(found.photographs),
        **{name: fates[fate] for name, fate in _COUNTED.items()},
        "captions": found.described,
        "failed": failed,
        "left_out": [
            {"file": one.file, "kind": one.kind, "reason": one.reason} for one in found.left_out
        ],
        "same": [
            {
                "file": one.photograph.label,
                "as": one.same_as,
                "passed_over": list(one.passed_over),
            }
            for one in outcomes
            if one.same_as
        ],
        "kept": [
            {"file": one.photograph.label, "fields": list(one.kept)} for one in outcomes if one.kept
        ],
        "lines": [
            {"file": one.file, "line": one.line, "problem": one.reason} for one in found.problems
        ],
    }


_COUNTED = {
    "uploaded": Fate.UPLOADED,
    "updated": Fate.UPDATED,
    "there": Fate.THERE,
    "duplicates": Fate.DUPLICATE,
}


def is_whole(told: Json) -> bool:
    """Tell whether nothing was left out or refused."""
    return not (told["failed"] or told["left_out"])


def tell_report(told: Json) -> None:
    """Print a report in words."""
    counts = [f"{told[name]} {words}" for name, words in _WORDS if told[name]]
    failed = f"{len(told['failed'])} failed"
    console.print(
        f"{counted(told['photographs'], 'photograph')}: {', '.join([*counts, failed])};"
        f" {told['captions']} with captions from the folder",
        soft_wrap=True,
    )
    if told["left_out"]:
        kinds = Counter(one["kind"] for one in told["left_out"])
        listed = ", ".join(counted(count, kind) for kind, count in kinds.items())
        console.print(f"Left out: {listed}", soft_wrap=True)
    lines = list(_lines(told))
    for line in lines[:SHOWN]:
        remarks.print(line, soft_wrap=True)
    if len(lines) > SHOWN:
        remarks.print(
            f"There are {len(lines) - SHOWN} more: 'image-repo import --report FILE' writes all.",
            soft_wrap=True,
        )


_WORDS = (
    ("uploaded", "uploaded"),
    ("updated", "described anew"),
    ("there", "there before"),
    ("duplicates", "the same as others"),
)


def _lines(told: Json) -> Iterator[str]:
    for one in told["failed"]:
        yield f"[red]✗[/] {escape(about(one['file'], one['problem']))}"
    for one in told["left_out"]:
        yield f"[yellow]left out:[/] {escape(one['file'])} {escape(one['reason'])}"
    for one in told["lines"]:
        place = one["file"] if one["line"] is None else f"{one['file']}, line {one['line']}"
        yield f"[yellow]{escape(place)}:[/] {escape(one['problem'])}"
    for one in told["same"]:
        passed_over = " and ".join(one["passed_over"])
        rest = f"; its {passed_over} passed over" if passed_over else ""
        yield f"[dim]{escape(one['file'])} is the same picture as {escape(one['as'])}{rest}[/]"
    for one in told["kept"]:
        fields = " and ".join(one["fields"])
        yield f"[dim]{escape(one['file'])} keeps the {fields} that a user wrote[/]"
