"""``image-repo``: the command line."""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Annotated

import typer
from rich.markup import escape

from image_repo import (
    albums,
    bulk,
    doctor,
    listing,
    photographs,
    searching,
    tokens,
    trash,
    upkeep,
)
from image_repo.config import Session
from image_repo.errors import FAILED, CommandError, in_words
from image_repo.filters import by_option
from image_repo.options import Coloured, Command, Token, Url, keep, register, with_options
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
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: Mapping[str, Command] = {
    "upload": photographs.upload_files,
    "show": photographs.show,
    "edit": photographs.edit,
    "delete": trash.delete,
    "trash": trash.list_trash,
    "restore": trash.restore,
    "import": bulk.import_folder,
    "watch": bulk.watch,
    "export": bulk.export,
    "download": bulk.download,
    "list": listing.list_images,
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

register(COMMANDS, app)
for name, about, commands in (
    ("album", albums.about_albums, albums.COMMANDS),
    ("token", tokens.about_tokens, tokens.COMMANDS),
):
    group = typer.Typer(no_args_is_help=True)
    group.callback()(with_options(about))
    register(commands, group)
    app.add_typer(group, name=name)


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"image-repo {version('image-repo')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    url: Url = None,
    token: Token = None,
    color: Coloured = None,
    _: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the release."),
    ] = False,
) -> None:
    """Keep what was said before the command."""
    keep(context, url, token, color)


def main(arguments: Sequence[str] | None = None, session: Session | None = None) -> None:
    """Run a command; a failure is one line that says what was wrong.

    Parameters
    ----------
    arguments
        Without, those of the process.
    """
    try:
        app(args=arguments, prog_name="image-repo", obj=session or Session(None, None))
    except CommandError as error:
        remarks.print(f"[red]✗[/] {escape(by_option(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except OSError as error:
        remarks.print(f"[red]✗[/] {escape(in_words(error))}", soft_wrap=True)
        sys.exit(FAILED)
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # Typer has turned Ctrl-C into it
            remarks.print(
                "Interrupted. 'import', 'watch', 'export' and 'rebuild' go on when they are"
            )
            remarks.print("given again.")
        raise


if __name__ == "__main__":
    main()
