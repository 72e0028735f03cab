"""Commands of what is deleted: into the trash, out of it, and for good."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from image_repo.client import PAGE, Client, Json, image_path
from image_repo.config import AsJson, session_of
from image_repo.filters import OfOwner
from image_repo.listing import tell_pages
from image_repo.names import counted, shown
from image_repo.output import told, trash_table, write_image
from image_repo.searching import Cursor, Everything, Limit
from image_repo.several import Ids, each
from image_repo.terminal import confirm, remarks, write_json, write_record
from image_repo_formats import TRASH_DAYS


def delete(
    context: typer.Context,
    ids: Ids,
    permanent: Annotated[
        bool, typer.Option("--permanent", help="For good, out of the trash too.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask whether --permanent is meant.")
    ] = False,
) -> None:
    """Move photographs to the trash, or delete them for good.

    From the trash they can be restored for 30 days.

    For example: image-repo delete ID, and image-repo restore ID
    """
    if permanent and not yes:
        confirm(f"Delete {counted(len(ids), 'photograph')} for good?")

    def deleted(client: Client, image_id: str) -> None:
        query = {"permanent": "true"} if permanent else {}
        client.call("DELETE", image_path(image_id), query=query)
        write_record(image_id, "deleted" if permanent else "trashed")

    def told_how_to_restore(done: Sequence[str]) -> None:
        if permanent or not done:
            return
        which = f"it within {TRASH_DAYS} days: image-repo restore {escape(done[0])}"
        if len(done) > 1:
            which = f"them within {TRASH_DAYS} days: image-repo restore ID..."
        remarks.print(f"Moved to the trash; restore {which}", soft_wrap=True)

    each(context, ids, deleted, told_how_to_restore)


def restore(context: typer.Context, ids: Ids, as_json: AsJson = False) -> None:
    """Take photographs out of the trash, with all they had.

    For example: image-repo trash --all | cut -f1 | xargs image-repo restore
    """

    def restored(client: Client, image_id: str) -> None:
        image = client.call("POST", f"{image_path(image_id)}/restore")
        if as_json:
            write_json(image)
        else:
            write_record(image["id"], shown(image["name"]), image["state"], told(image))

    each(context, ids, restored)


def list_trash(
    context: typer.Context,
    owner: OfOwner = None,
    limit: Limit = 20,
    everything: Everything = False,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List the photographs in the trash.

    The latest moved there first, with the day after which they are deleted for good.

    For example: image-repo trash --limit 5
    """
    asked = {"owner": owner, "limit": PAGE if everything else limit}
    with session_of(context).client() as client:
        tell_pages(
            _pages(client, asked, cursor),
            table=lambda images: trash_table(images, kept_until),
            write=lambda image: write_image(image, image["trashed_at"], kept_until(image)),
            everything=everything,
            as_json=as_json,
        )


def kept_until(image: Json) -> str:
    """Return the day after which a photograph in the trash is deleted for good."""
    trashed_at = datetime.fromisoformat(image["trashed_at"])
    return (trashed_at + timedelta(days=TRASH_DAYS)).date().isoformat()


def _pages(client: Client, asked: Json, cursor: str | None) -> Iterator[Json]:
    while True:
        page = client.call("GET", "trash", query={**asked, "cursor": cursor})
        yield page
        cursor = page["cursor"]
        if cursor is None:
            return
