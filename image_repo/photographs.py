"""Commands on single photographs: upload, show, edit, delete."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from image_repo.client import Client, image_path
from image_repo.config import AsJson, session_of
from image_repo.errors import FAILED, ApiProblem, CommandError
from image_repo.output import console, remarks, show_image, tell, told, words, write_json
from image_repo.uploading import Photograph, ResumeLog, UploadOutcome, upload_and_wait


def upload_files(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    caption: Annotated[str | None, typer.Option(help="What it shows; for one file.")] = None,
    until_captioned: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the captions and print them.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Upload photographs.

    For example: image-repo upload dog.jpg --caption "A brown dog runs on the beach"
    """
    if caption and len(files) > 1:
        raise CommandError("--caption is for one file; 'import' takes captions for many")
    with session_of(context).client() as client:
        wanted = [Photograph(path, caption) for path in files]
        outcomes, _ = upload_and_wait(
            client, wanted, ResumeLog(None), until_captioned=until_captioned
        )
        images = [client.call("GET", f"images/{one.image_id}") for one in outcomes if one.image_id]
    _tell_uploaded(images, outcomes, as_json=as_json)


def _tell_uploaded(images: list[Any], outcomes: list[UploadOutcome], *, as_json: bool) -> None:
    for image in images:
        shown = told(image) or image["reason"] or "(no caption yet)"
        line = f"{image['id']}  {image['state']}  {escape(image['name'])}: {escape(shown)}"
        tell(image, line, as_json=as_json)
    failed = [one for one in outcomes if one.problem]
    for one in failed:
        remarks.print(f"[red]✗[/] {escape(one.photograph.path.name)}: {escape(one.problem or '')}")
    if failed or any(image["state"] == "failed" for image in images):
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
    rev: Annotated[int | None, typer.Option(help="Only if it is still at this revision.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change a photograph's caption, attributes or keywords.

    No model overwrites them.
    """
    body: dict[str, Any] = {} if caption is None else {"caption": caption}
    if attributes is not None:
        body["attributes"] = _parsed(attributes)
    if keywords is not None:
        body["keywords"] = [word.strip() for word in keywords.split(",") if word.strip()]
    if not body:
        raise CommandError("give --caption, --attributes or --keywords")
    headers = {"If-Match": f'"{rev}"'} if rev is not None else {}
    with session_of(context).client() as client:
        image = client.call("PATCH", image_path(image_id), body=body, headers=headers)
    about = ", ".join([*map(words, image["attributes"]), *image["keywords"]])
    tell(image, f"{escape(told(image))}  [dim]{escape(about)}[/]", as_json=as_json)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandError(f"--attributes is not JSON: {error}") from error


def delete(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Of photographs.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete photographs, files and all."""
    if not yes:
        typer.confirm(f"Delete {len(ids)} photograph(s) for good?", abort=True)
    with session_of(context).client() as client:
        failed = [image_id for image_id in ids if not _deleted(client, image_id)]
    if failed:
        raise typer.Exit(FAILED)


def _deleted(client: Client, image_id: str) -> bool:
    try:
        client.call("DELETE", image_path(image_id))
    except ApiProblem as problem:
        remarks.print(f"[red]✗[/] {escape(image_id)}: {escape(str(problem))}")
        return False
    console.print(f"{image_id}  deleted")
    return True
