"""``python -m local up | down | clean | status | demo``."""

import argparse
import errno
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape

from chalicelib.names import EMBEDDED, OPENSEARCH
from image_repo import CommandError
from local.demo import demo
from local.errors import LocalError
from local.layout import ROOT, Layout
from local.stack import LocalStack
from local.steps import say

MAX_PORT = 65_535
NO_STACK = "There is no local stack."


def main(words: Sequence[str] | None = None) -> int:
    """Run one command, the program's own if none is given; a failure says what to do."""
    arguments = command_line().parse_args(words)
    stack = stack_of(arguments)
    try:
        _run(stack, arguments)
    except LocalError as problem:
        return _failed(stack, problem.happened, problem.remedy)
    except CommandError as problem:
        remedy = "read the newest lines of image-repo-captioner.log and ministack.log"
        return _failed(stack, str(problem), remedy)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        full = problem.filename or stack.layout.home
        return _failed(stack, f"the disk is full ({full})", "free space")
    return 0


def _failed(stack: LocalStack, happened: str, remedy: str) -> int:
    say(f"[red]✗[/] what happened: {escape(happened)}\n  what to do: {escape(remedy)}")
    if stack.layout.logs.exists():
        say(f"  logs: {stack.layout.logs}")
    return 1


def _run(stack: LocalStack, arguments: argparse.Namespace) -> None:
    match arguments.command:
        case "up":
            say(_addresses(stack.up()))
        case "demo":
            demo(stack, arguments.photos)
        case "status":
            say(_status(stack))
        case "down":
            say(_stopped(stack))
        case "clean":
            was_there = _is_there(stack)
            stack.clean()  # what a start left that came to nothing, too
            say("The stack is stopped and its data forgotten." if was_there else NO_STACK)


def _is_there(stack: LocalStack) -> bool:
    return stack.has_data or any(stack.parts.values())


def _status(stack: LocalStack) -> str:
    parts = stack.parts
    idle = [name for name, runs in parts.items() if not runs]
    if not _is_there(stack):
        return f"{NO_STACK} 'make demo' makes one."
    if not any(parts.values()):
        return "The stack is stopped: 'make up' starts it again."
    if idle:
        return f"The stack runs in part, without {', '.join(idle)}: 'make up' starts the rest."
    if not stack.is_deployed:
        return "The stack runs but is not deployed to its end: 'make up' does the rest."
    return f"The stack is running.\n{_addresses(stack.facts)}"


def _stopped(stack: LocalStack) -> str:
    ran = any(stack.parts.values())
    if stack.layout.home.exists():
        stack.down()
    if not stack.has_data:
        return "What ran of the stack is stopped. It had no data yet." if ran else NO_STACK
    how = "is stopped" if ran else "was not running"
    return f"The stack {how}, and its data is kept. 'make clean' forgets it."


def stack_of(arguments: argparse.Namespace) -> LocalStack:
    """Return the stack that the command line means."""
    home = Path(os.environ.get("IMAGE_REPO_LOCAL") or ROOT / ".local").resolve()
    given = arguments.context
    context = dict(entry.partition("=")[::2] for entry in given) if given else None
    return LocalStack(Layout(home), arguments.port, arguments.search, context)


def _addresses(facts: Mapping[str, str]) -> str:
    return f"API      {facts['api_url']}\nGallery  {facts['gallery_url']}"


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, 1 to {MAX_PORT}")
    return int(text)


def command_line() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The stack on this machine"
    )
    parser.add_argument("--port", type=_port, help="where the stack answers (4566)")
    parser.add_argument(
        "--search",
        choices=(EMBEDDED, OPENSEARCH),
        help="the search engine (the one it had, else embedded)",
    )
    parser.add_argument(
        "-c",
        "--context",
        action="append",
        metavar="NAME=VALUE",
        help="what the deployment is told besides, as docs/deploy.md has it; kept until it is "
        "told something else ('-c auth=tokens')",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("up", help="bring the stack up, doing only what is missing")
    commands.add_parser("down", help="stop it and keep its data")
    commands.add_parser("clean", help="stop it and forget its data")
    commands.add_parser("status", help="tell whether it runs and where")
    showing = commands.add_parser("demo", help="bring it up, upload photographs, search them")
    showing.add_argument("--photos", type=Path, help="a folder of photographs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
