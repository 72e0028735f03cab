"""``python -m local up | down | clean | status | demo``."""

import argparse
import errno
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.markup import escape

from chalicelib.names import EMBEDDED, OPENSEARCH
from image_repo import CommandError
from local.demo import demo
from local.errors import LocalError
from local.layout import ROOT, Layout
from local.stack import LocalStack
from local.steps import say


def main() -> int:
    """Run one command; a failure says what happened and what to do."""
    arguments = command_line().parse_args()
    stack = stack_of(arguments)
    try:
        _run(stack, arguments)
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
    say(f"[red]✗[/] what happened: {escape(happened)}\n  what to do: {escape(remedy)}")
    return 1


def _run(stack: LocalStack, arguments: argparse.Namespace) -> None:
    match arguments.command:
        case "up":
            say(_addresses(stack.up()))
        case "down":
            stack.down()
            say("The stack is stopped and its data kept. 'make clean' forgets it.")
        case "clean":
            stack.clean()
            say("The stack is stopped and forgotten.")
        case "demo":
            demo(stack, arguments.photos)
        case "status" if not stack.facts:
            say("There is no local stack: 'make demo' makes one.")
        case "status" if not stack.running:
            say("The stack is stopped: 'make demo' starts it again.")
        case "status":
            say(f"The stack is running.\n{_addresses(stack.facts)}")


def stack_of(arguments: argparse.Namespace) -> LocalStack:
    """Return the stack that the command line means."""
    home = Path(os.environ.get("IMAGE_REPO_LOCAL") or ROOT / ".local").resolve()
    given = arguments.context
    context = dict(entry.partition("=")[::2] for entry in given) if given else None
    return LocalStack(Layout(home), arguments.port, arguments.search, context)


def _addresses(facts: Mapping[str, str]) -> str:
    return f"API      {facts['api_url']}\nGallery  {facts['gallery_url']}"


def command_line() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m local", description="The stack on this machine"
    )
    parser.add_argument("--port", type=int, help="where the stack answers (4566)")
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
