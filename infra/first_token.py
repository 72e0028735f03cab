"""After a deployment: makes what its first time needs, and says where everything is.

``python -m infra.first_token build/outputs.json [--another]``
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import DEFAULT_OWNER
from chalicelib.reindexing import LambdaReindexing


def first_token(store: TokenStore, *, another: bool = False) -> str | None:
    """Return a new administrator's token; None where there is one already, unless ``another``."""
    known = any(
        Scope.ADMIN in record.scopes and record.is_valid(datetime.now(UTC))
        for record in store.records()
    )
    if known and not another:
        return None
    token, _ = store.add(DEFAULT_OWNER, [scope.value for scope in Scope], label="administrator")
    return token


def outputs_in(path: Path) -> dict[str, str]:
    """Return the outputs of the one stack that 'cdk deploy --outputs-file' wrote them of."""
    (outputs,) = json.loads(path.read_text()).values()
    return dict(outputs)


def main(words: Sequence[str]) -> int:
    """Read the deployment's outputs and print how to reach it."""
    parser = argparse.ArgumentParser(prog="python -m infra.first_token")
    parser.add_argument("outputs", type=Path, help="what 'cdk deploy --outputs-file' wrote")
    parser.add_argument("--another", action="store_true", help="even if there is a token")
    arguments = parser.parse_args(words)
    outputs = outputs_in(arguments.outputs)
    # Wherever the environment points by now, the stack is where it was deployed.
    session = boto3.Session(region_name=outputs["Region"])
    store = TokenStore(session.client("dynamodb"), outputs["TokensTable"])
    token = first_token(store, another=arguments.another)
    print(f"API      {outputs['ApiUrl']}")
    if token is None:
        print("Gallery  at the same address, with #token=… of a token made before")
    else:
        if not arguments.another:
            # Until there is an index, a search would say that it is unavailable.
            LambdaReindexing(session.client("lambda"), outputs["Indexer"]).start("first")
        print(f"Gallery  {outputs['ApiUrl']}/#token={token}")
        print("The token in this address is shown this once; whoever has it may do everything.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
