"""The same done with each of several photographs."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.markup import escape

from image_repo.client import Client
from image_repo.config import session_of
from image_repo.errors import FAILED, UNAVAILABLE, ApiProblem
from image_repo.terminal import remarks

Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Of photographs.")]


def each(
    context: typer.Context,
    ids: Sequence[str],
    act: Callable[[Client, str], None],
    tell: Callable[[Sequence[str]], None] = lambda _: None,
) -> None:
    """Do something with each photograph; what is refused of one is told, and stops no other.

    ``tell`` is given the ids of the others at the end.

    Raises
    ------
    typer.Exit
        Something was refused.
    ApiProblem
        The repository is unavailable.
    """
    with session_of(context).client() as client:
        done = [image_id for image_id in ids if _is_done(client, image_id, act)]
    tell(done)
    if len(done) < len(ids):
        raise typer.Exit(FAILED)


def _is_done(client: Client, image_id: str, act: Callable[[Client, str], None]) -> bool:
    try:
        act(client, image_id)
    except ApiProblem as problem:
        if problem.exit_code == UNAVAILABLE:
            raise
        remarks.print(f"[red]✗[/] {escape(image_id)}: {escape(str(problem))}", soft_wrap=True)
        return False
    return True
