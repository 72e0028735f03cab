"""Commands on many photographs: import a folder, export everything."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from image_repo import corrections, exporting, watching
from image_repo.client import PAGE, Client, Json, image_path
from image_repo.config import AsJson, session_of
from image_repo.errors import FAILED, ApiProblem
from image_repo.exporting import SavedFile
from image_repo.folders import LeftOut
from image_repo.importing import put_in, read_folder
from image_repo.names import about, counted, shown
from image_repo.reporting import is_whole, report, tell_report
from image_repo.terminal import console, progress, remarks, write_json, write_record
from image_repo.uploading import AT_ONCE, Duplicates, UploadOutcome

WithDuplicates = Annotated[
    Duplicates,
    typer.Option(help="Whether the same picture again is only reported, or stored again."),
]

Recursive = Annotated[bool, typer.Option("--recursive", "-r", help="Subfolders too.")]
Encoding = Annotated[
    str | None, typer.Option(help="Of the caption files, such as cp1251; else it is told.")
]


def import_folder(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    recursive: Recursive = False,
    encoding: Encoding = None,
    duplicates: WithDuplicates = Duplicates.REPORT,
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", dir_okay=False, writable=True, help="Write the report here, as JSON."
        ),
    ] = None,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Uploads at once.")] = AT_ONCE,
    until_captioned: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait until all are captioned.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Upload a folder, with the captions and keywords that lie in it.

    Photographs are told by their contents. Captions are read from descriptions.txt ("dog.jpg A
    brown dog runs" a line), captions.csv, Flickr8k's and COCO's files and XMP sidecars; what has
    none gets the model's. A folder that 'export' wrote comes back as it was.

    The same content is the same photograph: import again after a cut, or after files were renamed
    or captions corrected, and nothing is doubled. What a user wrote in the repository stands.

    Whatever was left out is named, and the exit code is 1 then.

    For example: image-repo import holidays/ --recursive --report holidays.json
    """
    found = read_folder(folder, is_recursive=recursive, encoding=encoding)
    with session_of(context).client() as client:
        imported = put_in(
            client,
            found.photographs,
            duplicates=duplicates,
            at_once=at_once,
            until_captioned=until_captioned,
        )
    told = report(found, imported)
    if as_json:
        write_json(told)
    else:
        tell_report(told)
    if report_file is not None:
        _write(report_file, told)
    if not is_whole(told):
        raise typer.Exit(FAILED)


def watch(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    recursive: Recursive = False,
    encoding: Encoding = None,
) -> None:
    """Upload a folder, and what arrives in it, until stopped.

    As 'import' does, with the captions and keywords that lie in it. A file that is still being
    written waits until it is whole. What was uploaded is not sent again, nor after a new start,
    which takes up what arrived meanwhile.

    For example: image-repo watch ~/Pictures --recursive
    """
    with (
        session_of(context).client() as client,
        watching.events(folder, is_recursive=recursive) as heard,
    ):
        watched = watching.Watch(client, folder, _tell_arrived, _tell_left_out, recursive, encoding)
        watching.follow(watched, heard, lambda problem: remarks.print(escape(problem)))


def _tell_arrived(outcome: UploadOutcome) -> None:
    label = outcome.photograph.label
    if outcome.problem:
        told = escape(about(label, outcome.problem))
        remarks.print(f"[red]✗[/] {told}", soft_wrap=True)
        return
    write_record(outcome.image.get("id", ""), label, outcome.fate)


def _tell_left_out(one: LeftOut) -> None:
    told = f"[yellow]left out:[/] {escape(one.file)} {escape(one.reason)}"
    remarks.print(told, soft_wrap=True)


def _write(path: Path, told: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")


def export(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="New, empty, or of an export before.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only this owner's photographs; for administrators.")
    ] = None,
    only_corrections: Annotated[
        bool,
        typer.Option("--corrections", help="What people captioned, to train a model on."),
    ] = False,
) -> None:
    """Write everything into a folder, or records to stdout.

    Without a folder, every record is a line of JSON.

    A folder gets the photographs under their own names, images.jsonl with their records,
    descriptions.txt with people's captions, and XMP sidecars with captions and keywords for other
    programs. 'import' brings it all back. Given again, it fetches only what is missing.

    With --corrections the folder gets the photographs whose caption a person wrote or chose, as
    'python -m training' takes them with --captioned.

    For example: image-repo export backup/
    """
    if only_corrections and folder is None:
        raise typer.BadParameter("name the folder", param_hint="'FOLDER'")
    with session_of(context).client() as client:
        if only_corrections and folder is not None:
            _export_corrections(client, folder, owner)
        elif folder is None:
            for image in client.pages("images", "items", {"limit": PAGE, "owner": owner}):
                write_json(image)
        else:
            _export_into(client, folder, owner)


def _export_into(client: Client, folder: Path, owner: str | None) -> None:
    exporting.check(folder)
    with progress() as bars:
        images = exporting.list_images(client, owner)
        task = bars.add_task("Saving", total=len(images))
        files = exporting.save(client, images, folder, lambda: bars.advance(task))
    failed = _tell_saved(files)
    for name in exporting.left_over(folder, files):
        gone = f"[yellow]{escape(shown(name))}[/] is of no photograph any more"
        remarks.print(gone, soft_wrap=True)
    if failed:
        raise typer.Exit(FAILED)


def _export_corrections(client: Client, folder: Path, owner: str | None) -> None:
    exporting.check(folder, {corrections.CAPTIONS})
    with progress() as bars:
        images = corrections.corrected(exporting.list_images(client, owner))
        task = bars.add_task("Saving", total=len(images))
        files = corrections.save(client, images, folder, lambda: bars.advance(task))
    if _tell_saved(files):
        raise typer.Exit(FAILED)


def _tell_saved(files: Sequence[SavedFile]) -> Sequence[SavedFile]:
    """Tell how many files there are; return those that could not be saved."""
    new, saved = sum(one.is_new for one in files), sum(one.name is not None for one in files)
    failed = [one for one in files if one.problem]
    counts = [f"{new} saved", f"{saved - new} there before", f"{len(failed)} failed"]
    if none := len(files) - saved - len(failed):
        counts.append(f"{none} without a file yet")
    console.print(f"{counted(len(files), 'photograph')}: {', '.join(counts)}", soft_wrap=True)
    _tell_failed(failed)
    return failed


def _tell_failed(failed: Sequence[SavedFile]) -> None:
    for one in failed:
        named = f"{escape(shown(one.image['name']))} ({one.image['id']})"
        reason = one.problem or "there is no file of it yet"
        remarks.print(f"[red]✗[/] {named}: {escape(reason)}", soft_wrap=True)


def download(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Of photographs.")],
    into: Annotated[Path, typer.Option(file_okay=False, help="The folder.")] = Path(),
) -> None:
    """Save the files of some photographs under their own names.

    What lies in the folder stays: a second dog.jpg is called "dog (2).jpg".

    For example: image-repo search dog --all | cut -f1 | xargs image-repo download --into dogs
    """
    with session_of(context).client() as client, progress() as bars:
        images = [_known(client, image_id) for image_id in dict.fromkeys(ids)]
        task = bars.add_task("Saving", total=len(images))
        found = [image for image in images if image is not None]
        files = exporting.download(client, found, into, lambda: bars.advance(task))
    for one in files:
        if one.name is not None:
            write_record(one.image["id"], into / one.name)
    _tell_failed([one for one in files if one.name is None])
    if None in images or None in [one.name for one in files]:
        raise typer.Exit(FAILED)


def _known(client: Client, image_id: str) -> Json | None:
    try:
        return client.call("GET", image_path(image_id))
    except ApiProblem as problem:
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
        remarks.print(f"[red]✗[/] {escape(image_id)}: {escape(str(problem))}", soft_wrap=True)
        return None
