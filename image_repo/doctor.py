"""The command that tries everything once and says what is wrong."""

import secrets
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.markup import escape

from image_repo.client import Client
from image_repo.config import AsJson, session_of
from image_repo.errors import FAILED
from image_repo.examination import Examination, Finding
from image_repo.specimen import specimen
from image_repo.terminal import console, remarks, write_json

PATIENCE = 180.0


def doctor(
    context: typer.Context,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds to wait for a caption, and for each search.")
    ] = PATIENCE,
    origin: Annotated[
        str | None, typer.Option(help="The gallery's, if not the API's: https://photos.example.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try everything once, and say what is wrong.

    It draws a photograph of its own and deletes it again, also after a failure or Ctrl-C.
    """
    with session_of(context).client() as client:
        tell = _silent if as_json else print_finding
        findings = examine(client, patience, tell, origin=origin)
    if as_json:
        write_json({"passed": healthy(findings), "checks": [asdict(one) for one in findings]})
    if not healthy(findings):
        raise typer.Exit(FAILED)


def examine(
    client: Client,
    patience: float,
    tell: Callable[[Finding], object],
    *,
    origin: str | None = None,
) -> tuple[Finding, ...]:
    """Return what came of every check; ``tell`` hears each as it ends.

    ``origin`` is the gallery's, where it is not the API's.
    """
    findings: list[Finding] = []
    spinner = remarks.status("")  # stopped while a finding is printed, which may go elsewhere

    def begun(check: str) -> None:
        spinner.update(f"{check} …")
        spinner.start()

    def ended(finding: Finding) -> None:
        spinner.stop()
        findings.append(finding)
        tell(finding)

    with TemporaryDirectory() as folder:
        photograph = Path(folder) / f"doctor-{secrets.token_hex(8)}.png"
        photograph.write_bytes(specimen())
        Examination(
            client,
            photograph,
            release=version("image-repo"),
            origin=origin or client.origin,
            patience=patience,
            begun=begun,
            ended=ended,
        ).run()
    return tuple(findings)


def healthy(findings: tuple[Finding, ...]) -> bool:
    """Tell whether every check passed."""
    return all(finding.passed for finding in findings)


def print_finding(finding: Finding) -> None:
    """Print what came of a check."""
    mark = "[green]✓[/]" if finding.passed else "[red]✗[/]"
    line = f"{mark} {finding.check}: {escape(finding.told)} [dim]({finding.seconds:.1f} s)[/]"
    console.print(line, soft_wrap=True, highlight=False)
    if finding.remedy:
        console.print(f"  {escape(finding.remedy)}", soft_wrap=True, highlight=False)


def _silent(_: Finding) -> None:
    """Leave it to the JSON document."""
