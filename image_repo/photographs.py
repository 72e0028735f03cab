"""Commands on single photographs: upload, show, edit."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.markup import escape

from image_repo.bulk import WithDuplicates
from image_repo.client import Json, image_path
from image_repo.config import AsJson, session_of
from image_repo.contents import photograph
from image_repo.errors import FAILED, CommandError
from image_repo.importing import Imported, put_in
from image_repo.names import about, shown
from image_repo.output import show_image, told, words
from image_repo.terminal import remarks, write_json, write_record
from image_repo.uploading import Duplicates, Fate, UploadOutcome


def upload_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    caption: Annotated[str | None, typer.Option(help="What it shows; for one file.")] = None,
    duplicates: WithDuplicates = Duplicates.REPORT,
    until_captioned: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the captions and print them.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Upload photographs.

    One that is there already is not stored again, but takes the caption.

    For example: image-repo upload dog.jpg --caption "A brown dog runs on the beach"
    """
    if caption and len(files) > 1:
        raise CommandError("--caption is for one file; 'import' takes captions for many")
    with session_of(context).client() as client:
        imported = put_in(
            client,
            [photograph(path, caption) for path in files],
            held=lambda *_: {},
            duplicates=duplicates,
            keys=uuid4().hex,
            until_captioned=until_captioned,
        )
        images = [
            (one, client.call("GET", image_path(one.image["id"])))
            for one in imported.outcomes
            if one.image
        ]
    _tell_uploaded(images, imported, as_json=as_json)


def _tell_uploaded(
    images: Sequence[tuple[UploadOutcome, Json]], imported: Imported, *, as_json: bool
) -> None:
    for one, image in images:
        text = told(image) or image["reason"] or "(no caption yet)"
        if as_json:
            write_json(image)
        else:
            write_record(image["id"], shown(image["name"]), image["state"], text)
        if one.fate is Fate.THERE:
            remarks.print(f"{escape(one.photograph.label)} was there before", soft_wrap=True)
    for one in imported.outcomes:
        label = escape(one.photograph.label)
        if one.fate is Fate.DUPLICATE:
            same = escape(one.same_as or "")
            remarks.print(f"{label} is the same picture as {same}", soft_wrap=True)
        if one.problem:
            remarks.print(f"[red]✗[/] {about(label, escape(one.problem))}", soft_wrap=True)
    if any(map(imported.problem, imported.outcomes)):
        raise typer.Exit(FAILED)


def show(
    context: typer.Context, image_id: Annotated[str, typer.Argument()], as_json: AsJson = False
) -> None:
    """Show what is known of a photograph."""
    with session_of(context).client() as client:
        image = client.call("GET", image_path(image_id))
    if as_json:
        write_json(image)
    else:
        show_image(image)


def edit(
    context: typer.Context,
    image_id: Annotated[str, typer.Argument()],
    caption: Annotated[str | None, typer.Option(help="The new caption.")] = None,
    attributes: Annotated[
        str | None,
        typer.Option(help='JSON: [{"subject": "dog", "colours": ["brown"], "actions": ["run"]}]'),
    ] = None,
    keywords: Annotated[
        str | None, typer.Option(help="The new keywords, with commas; '' for none.")
    ] = None,
    albums: Annotated[
        str | None, typer.Option(help="The albums that it is in, with commas; '' for none.")
    ] = None,
    rev: Annotated[int | None, typer.Option(help="Only if it is still at this revision.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a photograph's caption, attributes, keywords or albums.

    No model overwrites them.
    """
    body: dict[str, Any] = {} if caption is None else {"caption": caption}
    if attributes is not None:
        body["attributes"] = _parsed(attributes)
    for name, given in (("keywords", keywords), ("albums", albums)):
        if given is not None:
            body[name] = [word.strip() for word in given.split(",") if word.strip()]
    if not body:
        raise CommandError("give --caption, --attributes, --keywords or --albums")
    headers = {"If-Match": f'"{rev}"'} if rev is not None else {}
    with session_of(context).client() as client:
        image = client.call("PATCH", image_path(image_id), body=body, headers=headers)
    about = ", ".join([*map(words, image["attributes"]), *image["keywords"]])
    if as_json:
        write_json(image)
    else:
        write_record(image["id"], told(image), about)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(f"--attributes is not JSON: {error}") from error
