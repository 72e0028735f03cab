"""``python -m local up | down | clean | status | demo``."""

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from chalicelib.names import EMBEDDED, OPENSEARCH
from image_repo import CommandError
from local.demo import demo
from local.errors import LocalError
from local.layout import Layout
from local.stack import LocalStack
from local.steps import console, say


def main() -> int:
    """Run one command; a failure says what happened and what to do."""
    arguments = _parser().parse_args()
    stack = LocalStack(Layout.from_environment(os.environ), arguments.port, arguments.search)
    try:
        arguments.run(stack, arguments)
    except LocalError as problem:
        return _failed(problem.happened, problem.remedy)
    except CommandError as problem:
        remedy = "read the newest lines of .local/logs/image-repo-captioner.log and ministack.log"
        return _failed(str(problem), remedy)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        return _failed(f"the disk is full ({problem.filename or stack.layout.home})", "free space")
    return 0


def _failed(happened: str, remedy: str) -> int:
    console.print("[red]✗[/] " + "what happened: ", end="")
    console.print(happened, markup=False)
    console.print("  what to do: ", end="")
    console.print(remedy, markup=False)
    return 1


def _up(stack: LocalStack, _: argparse.Namespace) -> None:
    facts = stack.up()
    say(f"API      {facts['api_url']}\nGallery  {facts['gallery_url']}")


def _down(stack: LocalStack, _: argparse.Namespace) -> None:
    stack.down()
    say("The stack is stopped; its data is kept. 'make demo' finds it, 'make clean' forgets it.")


def _clean(stack: LocalStack, _: argparse.Namespace) -> None:
    stack.clean()
    say("The stack is stopped and forgotten.")


def _status(stack: LocalStack, _: argparse.Namespace) -> None:
    facts = stack.facts
    if not facts:
        say("There is no local stack: 'make demo' makes one.")
    elif not stack.running:
        say("The stack is stopped: 'make demo' starts it again.")
    else:
        say(f"The stack is running.\nAPI      {facts['api_url']}\nGallery  {facts['gallery_url']}")


def _demo(stack: LocalStack, arguments: argparse.Namespace) -> None:
    demo(stack, arguments.photos)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The stack on this machine"
    )
    parser.add_argument("--port", type=int, help="where the stack answers (4566)")
    parser.add_argument(
        "--search",
        choices=(EMBEDDED, OPENSEARCH),
        help="the search engine (the one it had, else embedded)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, about in _COMMANDS:
        command = commands.add_parser(name, help=about)
        command.set_defaults(run=run)
        if run is _demo:
            command.add_argument("--photos", type=Path, help="a folder of photographs")
    return parser


_COMMANDS: tuple[tuple[str, Callable[[LocalStack, argparse.Namespace], None], str], ...] = (
    ("up", _up, "bring the stack up, doing only what is missing"),
    ("down", _down, "stop it and keep its data"),
    ("clean", _clean, "stop it and forget its data"),
    ("status", _status, "tell whether it runs and where"),
    ("demo", _demo, "bring it up, upload photographs, search them"),
)

if __name__ == "__main__":
    sys.exit(main())
