"""``image-repo``: the command line."""

import sys
from collections.abc import Callable, Mapping
from typing import Annotated

import typer
from rich.markup import escape

from image_repo import bulk, doctor, photographs, searching, tokens, upkeep
from image_repo.config import Session
from image_repo.errors import FAILED, CommandError
from image_repo.terminal import remarks

INTERRUPTED = 130
_HELP = """Photographs, found by what is in them.

Which repository is meant: --url and --token, else IMAGE_REPO_URL and IMAGE_REPO_TOKEN, else the
stack that 'make demo' left in .local/stack.json, else the last 'image-repo login'.
A token kept beside an address goes to that host alone.

Exit codes: 0 all done, 1 something was refused or left out, 2 wrong usage, 3 the repository is
unavailable, 130 interrupted.
"""

# Without Rich's boxes: in a pipe, and at 80 columns, plain help is what can be read.
app = typer.Typer(
    help=_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS: Mapping[str, Callable[..., None]] = {
    "upload": photographs.upload_files,
    "show": photographs.show,
    "edit": photographs.edit,
    "delete": photographs.delete,
    "import": bulk.import_folder,
    "export": bulk.export,
    "search": searching.search,
    "similar": searching.similar,
    "rebuild": upkeep.rebuild,
    "recaption": upkeep.recaption,
    "stats": upkeep.stats,
    "login": upkeep.login,
    "open": upkeep.open_gallery,
    "reindex": upkeep.reindex,
    "reconcile": upkeep.reconcile,
    "doctor": doctor.doctor,
}


def register(commands: Mapping[str, Callable[..., None]], to: typer.Typer) -> None:
    """Add commands to an application.

    To "search" what begins with one dash is a word that is left out, and no option.
    """
    for name, command in commands.items():
        lenient = {"ignore_unknown_options": command is searching.search}
        to.command(name, context_settings=lenient)(command)


register(COMMANDS, app)
app.add_typer(tokens.tokens, name="token")


@app.callback()
def options(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(help="The API's address.")] = None,
    token: Annotated[str | None, typer.Option(help="Your token.")] = None,
) -> None:
    """Keep what was said before the command."""
    context.obj = Session(url, token)


def main() -> None:
    """Run a command; a failure is one line that says what was wrong."""
    try:
        app()
    except (CommandError, OSError) as error:
        remarks.print(f"[red]✗[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code if isinstance(error, CommandError) else FAILED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # Typer has turned Ctrl-C into it
            remarks.print("Interrupted. 'import', 'export' and 'rebuild' go on when they are given")
            remarks.print("again.")
        raise


if __name__ == "__main__":
    main()
