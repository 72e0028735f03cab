"""After a deployment: makes what its first time needs, and says where everything is.

``python -m infra.first_token build/outputs.json [--another | --no-token]``
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import DEFAULT_OWNER
from chalicelib.reindexing import LambdaReindexing

ANOTHER = "python -m infra.first_token build/outputs.json --another"


def is_administered(store: TokenStore) -> bool:
    """Tell whether there is an administrator's token that is good."""
    return any(
        Scope.ADMIN in record.scopes and record.is_valid(datetime.now(UTC))
        for record in store.records()
    )


def administrators_token(store: TokenStore) -> str:
    """Return a new administrator's token."""
    token, _ = store.add(DEFAULT_OWNER, [scope.value for scope in Scope], label="administrator")
    return token


def gallery(
    url: str,
    store: TokenStore,
    start_index: Callable[[], object],
    *,
    another: bool = False,
    no_token: bool = False,
) -> str:
    """Say where the gallery is; the first time, make a token for it and an index.

    With ``another`` a token is made in any case, with ``no_token`` in none.
    """
    is_first = not is_administered(store)
    if is_first:
        start_index()  # until there is one, a search would say that it is unavailable
    if another or (is_first and not no_token):
        return (
            f"Gallery  {url}/#token={administrators_token(store)}\n"
            "The token in this address is shown this once; whoever has it may do everything."
        )
    if is_first:
        return f"Gallery  at the same address, with a token that you make: {ANOTHER}"
    return "Gallery  at the same address, with #token=… of a token made before"


def outputs_in(path: Path) -> dict[str, str]:
    """Return the outputs of the one stack that 'cdk deploy --outputs-file' wrote them of."""
    if not path.is_file():
        sys.exit(
            f"✗ {path} is not here: the machine that deployed has it, and docs/deploy.md, "
            '"From GitHub", says how to make it elsewhere'
        )
    (outputs,) = json.loads(path.read_text()).values()
    return dict(outputs)


def main(words: Sequence[str]) -> int:
    """Read the deployment's outputs and print how to reach it."""
    parser = argparse.ArgumentParser(prog="python -m infra.first_token")
    parser.add_argument("outputs", type=Path, help="what 'cdk deploy --outputs-file' wrote")
    told = parser.add_mutually_exclusive_group()
    told.add_argument("--another", action="store_true", help="even if there is a token")
    told.add_argument("--no-token", action="store_true", help="where others read what is printed")
    arguments = parser.parse_args(words)
    outputs = outputs_in(arguments.outputs)
    # Wherever the environment points by now, the stack is where it was deployed.
    session = boto3.Session(region_name=outputs["Region"])
    store = TokenStore(session.client("dynamodb"), outputs["TokensTable"])
    indexer = LambdaReindexing(session.client("lambda"), outputs["Indexer"])
    print(f"API      {outputs['ApiUrl']}")
    print(
        gallery(
            outputs["ApiUrl"],
            store,
            lambda: indexer.start("first"),
            another=arguments.another,
            no_token=arguments.no_token,
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
