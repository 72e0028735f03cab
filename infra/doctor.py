"""After a deployment: tries everything once, as ``image-repo doctor`` does.

``python -m infra.doctor build/outputs.json``. The token that it needs is made with the
deployment's AWS credentials, and gone when it ends.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from chalicelib.access import Scope, TokenStore
from chalicelib.names import TOKENS_KEY
from image_repo import Client
from image_repo.doctor import examine, healthy, print_finding
from infra.first_token import outputs_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OWNER = "doctor"  # whose photographs nobody else's token but an administrator's shows
# An image that was just pushed takes longest to start, and OpenSearch to make its first index.
PATIENCE = 600.0


@contextmanager
def passing_token(client: "DynamoDBClient", table: str) -> Iterator[str]:
    """Yield a token that is good while the block runs, and of which nothing is kept."""
    scopes = [Scope.READ.value, Scope.WRITE.value]
    token, record = TokenStore(client, table).add(OWNER, scopes, label=OWNER, days=1)
    try:
        yield token
    finally:
        client.delete_item(TableName=table, Key={TOKENS_KEY: {"S": record.token_sha256}})


def main(path: Path) -> int:
    """Print what came of every check; 0 where all passed."""
    outputs = outputs_in(path)
    dynamodb = boto3.client("dynamodb", region_name=outputs["Region"])
    with (
        passing_token(dynamodb, outputs["TokensTable"]) as token,
        Client(outputs["ApiUrl"], token) as client,
    ):
        findings = examine(client, PATIENCE, print_finding)
    if healthy(findings):
        return 0
    print("It is deployed, and does not work: see above.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m infra.doctor")
    parser.add_argument("outputs", type=Path, help="what 'cdk deploy --outputs-file' wrote")
    sys.exit(main(parser.parse_args().outputs))
