"""Every context value that a deployment takes, by ``-c NAME=VALUE`` or in ``cdk.json``.

A further one is a line in ``OPTIONS``, and the same line in docs/deploy.md. Whoever reads one goes
through `reader`, which knows no other.
"""

import argparse
import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from chalicelib.names import OPENSEARCH
from chalicelib.settings import LIMITS, Settings, variable
from infra.concurrency import CAPTIONERS, LEAST_CAPTIONERS, MOST_CAPTIONERS
from infra.opensearch_service import VERSIONS

SETTINGS = Path(__file__).resolve().parent.parent / "cdk.json"


class Option(NamedTuple):
    """What a value is where none is given, and what it says."""

    default: str
    meaning: str


def _default(field: str) -> str:
    return str(Settings.model_fields[field].default)


_LIMITS = {
    variable(field): Option(
        f"{Settings.model_fields[field].default:,}", "a [limit](operations.md#settings)"
    )
    for field in LIMITS
}
OPTIONS: Final[Mapping[str, Option]] = {
    "stage": Option("none", "which of several stacks: [Stages](#stages)"),
    "search": Option(OPENSEARCH, "the engine, which `SEARCH=…` names: [Search](#search)"),
    "searchVersion": Option(VERSIONS[0], f"OpenSearch's version: {', '.join(VERSIONS)}"),
    "searchInstance": Option("t3.small.search", "the instance type of its nodes"),
    "searchNodes": Option("1", "how many nodes; from two on they stand in two zones"),
    "searchGigabytes": Option("10", "disk of each node"),
    "captioners": Option(
        str(CAPTIONERS),
        f"batches captioned at once, {LEAST_CAPTIONERS} to {MOST_CAPTIONERS:,}: "
        "[Concurrency](#concurrency)",
    ),
    "reserveIndexer": Option("yes", "one execution for the embedded engine's indexer alone; or no"),
    "protect": Option(
        "yes", "whether stack and tables are kept from being deleted: [Protection](#protection)"
    ),
    "rollout": Option(
        "canary",
        "how functions are updated, or all-at-once: [Canary deployments](#canary-deployments)",
    ),
    "tags": Option("none", "tags of everything, as `team=photos,env=prod`: [Tags](#tags)"),
    "alarmEmail": Option("none", "whom alarms are mailed to"),
    "dashboard": Option("no", "a page of graphs, or yes"),
    "cdn": Option(
        "yes where there is one",
        "CloudFront before the API, with the gallery's files; or no: [Address](#address)",
    ),
    "domain": Option("none", "a name of one's own for it"),
    "certificate": Option("none", "the ARN of that name's certificate"),
    "waf": Option("no", "yes for a firewall, or the ARN of one: [Address](#address)"),
    "cors": Option("none", "pages elsewhere that may call the API: [Address](#address)"),
    "logRole": Option("yes", "whether the account's role for access logs is set; or no"),
    "keepPosition": Option(
        "no", "yes keeps where photographs were taken: [Position](#where-photographs-were-taken)"
    ),
    "auth": Option("tokens", "who may use the API, or oidc: [People sign in](#people-sign-in)"),
    "issuer": Option("none", "the OpenID provider's URL"),
    "audience": Option("none", "whom its tokens must be for"),
    "client": Option("the audience", "the gallery's client at the provider"),
    "tokenOrigin": Option("the issuer's", "where its token endpoint is, if elsewhere"),
    "signInScope": Option(_default("oidc_scope"), "what the gallery asks for"),
    "ownerClaim": Option(_default("oidc_owner_claim"), "the claim that says whose photographs"),
    "groupsClaim": Option(_default("oidc_groups_claim"), "the claim with a person's groups"),
    "signedIn": Option(_default("oidc_signed_in"), "scopes of whoever signed in"),
    "bundle": Option("none", "the folder of another model, which `BUNDLE=…` makes"),
    "layer": Option("Lambda's", "another folder of third-party code, as the local stack has it"),
    "bucket": Option(
        "none",
        "a bucket to [take up](operations.md#taking-up-a-bucket-and-tables-that-are-there)",
    ),
    "table": Option("none", "a table of photographs to take up"),
    "tableStream": Option("none", "the ARN of that table's stream"),
    "tokensTable": Option("none", "a table of tokens to take up"),
    **_LIMITS,
}
# The CDK's own values, and those that it looked up, have names with one of these in them.
_OWN = re.compile(r"\w+")


def refuse_unknown(names: Iterable[str]) -> None:
    """Refuse a context value that nothing would read.

    Raises
    ------
    ValueError
        There is no such value; the nearest is named.
    """
    unknown = [name for name in names if _OWN.fullmatch(name) and name not in OPTIONS]
    if unknown:
        nearest = _nearest(unknown[0])
        raise ValueError(f"-c {unknown[0]}=…: there is no such value{nearest}; see docs/deploy.md")


def _nearest(name: str) -> str:
    lowered = {known.lower(): known for known in OPTIONS}
    near = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.5)
    return f", the nearest is {lowered[near[0]]}" if near else ""


def reader(look_up: Callable[[str], object]) -> Callable[[str], object]:
    """Return ``look_up``, for the names of ``OPTIONS`` alone."""

    def read(name: str) -> object:
        if name not in OPTIONS:
            raise KeyError(f"{name} is not in infra.options.OPTIONS")
        return look_up(name)

    return read


def given_in(arguments: Sequence[str]) -> list[str]:
    """Return the NAME=VALUE of each ``-c`` among the CDK's arguments."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("-c", "--context", action="append", default=[])
    asked, _ = parser.parse_known_args(arguments)
    return list(asked.context)


def context_of(given: Sequence[str]) -> dict[str, str]:
    """Return what ``cdk.json`` says, and over it the NAME=VALUE of the command line."""
    context: dict[str, str] = json.loads(SETTINGS.read_text())["context"]
    return context | dict(entry.split("=", 1) for entry in given if "=" in entry)


def table() -> str:
    """Return the options as docs/deploy.md has them."""
    rows = [
        f"| `{name}` | {option.default} | {option.meaning} |" for name, option in OPTIONS.items()
    ]
    return "\n".join(["| context value | default | is |", "|---|---|---|", *rows])
