"""Commands on many photographs: import a folder, export everything."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.markup import escape

from image_repo.client import PAGE, Client, Json
from image_repo.config import AsJson, session_of
from image_repo.errors import FAILED
from image_repo.importing import Folder, read_folder, resume_log_path
from image_repo.output import remarks, tell
from image_repo.uploading import AT_ONCE, ResumeLog, UploadOutcome, upload_and_wait

SHOWN_PROBLEMS = 20


def import_folder(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    report: Annotated[Path | None, typer.Option(help="Write the report here, as JSON.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Uploads at once.")] = AT_ONCE,
    until_captioned: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until all are captioned.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Upload a folder, with the captions of its descriptions.txt.

    A line of descriptions.txt is a file's name and its caption: "dog.jpg A brown dog runs".
    Photographs without a line get the model's caption. An import that was cut goes on where it
    stopped; one that is complete does nothing, but for photographs deleted since.

    For example: image-repo import holidays/ --report holidays.json
    """
    found = read_folder(folder)
    session = session_of(context)
    path = resume_log_path(folder, session.connection().url)
    with session.client() as client:
        log = ResumeLog(path, client)
        before = len(log.sent)
        outcomes, failed = upload_and_wait(
            client, found.photographs, log, at_once=at_once, until_captioned=until_captioned
        )
    told = _report(found, outcomes, failed, len(log.sent) - before)
    _tell(told, report, as_json=as_json)


def _report(
    found: Folder, outcomes: Iterable[UploadOutcome], failed: Mapping[str, str], sent: int
) -> Json:
    reasons = [
        {"file": one.photograph.path.name, "problem": problem}
        for one in outcomes
        if (problem := one.problem or failed.get(one.image_id or ""))
    ]
    return {
        "photographs": len(found.photographs),
        "uploaded": sent,
        "uploaded_before": len(found.photographs) - sent - sum(1 for o in outcomes if o.problem),
        "captions": found.described,
        "failed": reasons,
        "lines": [{"line": line, "problem": problem} for line, problem in found.problems],
    }


def _tell(told: Json, report: Path | None, *, as_json: bool) -> None:
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(told, indent=2, ensure_ascii=False))
    text = (
        f"{told['photographs']} photographs: {told['uploaded']} uploaded now,"
        f" {told['uploaded_before']} before, {len(told['failed'])} failed;"
        f" {told['captions']} captions from descriptions.txt"
    )
    tell(told, text, as_json=as_json)
    if not as_json:
        for entry in told["failed"][:SHOWN_PROBLEMS]:
            remarks.print(f"[red]✗[/] {escape(entry['file'])}: {escape(entry['problem'])}")
        for entry in told["lines"][:SHOWN_PROBLEMS]:
            remarks.print(f"[yellow]line {entry['line']}:[/] {escape(entry['problem'])}")
        if max(len(told["failed"]), len(told["lines"])) > SHOWN_PROBLEMS:
            remarks.print("There is more: '--report FILE' writes all of it.")
    if told["failed"]:
        raise typer.Exit(FAILED)


def export(
    context: typer.Context,
    download: Annotated[
        Path | None, typer.Option(help="Save the originals into this folder too.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Instead of stdout.")
    ] = None,
) -> None:
    """Write every record as a line of JSON, newest first."""
    with session_of(context).client() as client, _opened(output) as file:
        for image in client.pages("images", "items", {"limit": PAGE}):
            file.write(json.dumps(image, ensure_ascii=False) + "\n")
            file.flush()
            # Of these there may be no file.
            if download is not None and image["state"] not in ("pending", "expired"):
                _save(client, image, download)


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        yield file
    part.replace(path)


def _save(client: Client, image: Json, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{image['id']}{Path(image['name']).suffix.lower()}"
    if not path.exists():  # an export that was cut goes on
        client.download(image["links"]["original"], path)
