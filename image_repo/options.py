"""Options that every command takes, before its name or after it; and how commands get them."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from inspect import Parameter
from typing import Annotated, Any

import typer

from image_repo.config import session_of
from image_repo.searching import search
from image_repo.terminal import Colour, use_colour

Command = Callable[..., None]
Url = Annotated[str | None, typer.Option(help="The API's address.")]
Token = Annotated[str | None, typer.Option(help="Your token.")]
Coloured = Annotated[
    Colour | None, typer.Option(help="When to use colours; without, NO_COLOR is heeded.")
]
_OPTIONS: Mapping[str, Any] = {"url": Url, "token": Token, "color": Coloured}


def keep(context: typer.Context, url: str | None, token: str | None, color: Colour | None) -> None:
    """Keep what was said; what is said last counts."""
    said = {name: value for name, value in (("url", url), ("token", token)) if value}
    context.find_root().obj = replace(session_of(context), **said)
    if color is not None:
        use_colour(color)


def with_options(command: Command) -> Command:
    """Return a command that takes the options after its name, too."""

    @wraps(command)
    def run(
        *, url: str | None = None, token: str | None = None, color: Colour | None = None, **own: Any
    ) -> None:
        keep(own["context"], url, token, color)
        command(**own)

    added = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in _OPTIONS.items()
    ]
    signature = inspect.signature(command)
    parameters = [*signature.parameters.values(), *added]
    vars(run)["__signature__"] = signature.replace(parameters=parameters)
    run.__annotations__ = {**command.__annotations__, **_OPTIONS}
    return run


def register(commands: Mapping[str, Command], to: typer.Typer) -> None:
    """Add commands to an application.

    To "search" what begins with one dash is a word that is left out, and no option; its ``-h`` is
    such a word, too, or else it would be found in the midst of "-what".
    """
    as_words = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
    for name, command in commands.items():
        settings = as_words if command is search else {}
        to.command(name, context_settings=settings)(with_options(command))
