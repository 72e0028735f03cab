"""After a deployment: makes what its first time needs, and says where everything is.

``python -m infra.first_token build/outputs.json``
"""

import json
import sys
from pathlib import Path

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import DEFAULT_OWNER, INDEXER, STACK
from chalicelib.reindexing import LambdaReindexing


def first_token(store: TokenStore) -> str | None:
    """Return a new administrator's token, or None where there are tokens already."""
    if any(not record.revoked for record in store.records()):
        return None
    return store.add(DEFAULT_OWNER, [scope.value for scope in Scope], label="first")


def main() -> int:
    """Read the deployment's outputs and print how to reach it."""
    outputs = json.loads(Path(sys.argv[1]).read_text())[STACK]
    token = first_token(TokenStore(boto3.client("dynamodb"), outputs["TokensTable"]))
    print(f"API      {outputs['ApiUrl']}")
    if token is None:
        print("Gallery  at the same address, with #token=… of a token made before")
    else:
        # Until there is an index, a search would say that it is unavailable.
        LambdaReindexing(boto3.client("lambda"), INDEXER).start("first")
        print(f"Gallery  {outputs['ApiUrl']}/#token={token}")
        print("The token in this address is shown this once; whoever has it may do everything.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
