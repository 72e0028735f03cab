"""A bucket and tables that are there already and that a deployment takes up, by their names."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from chalicelib.names import IMAGES_INDEXES

# A name with dots has no host of its own under S3's certificate, which links and the gallery's
# content security policy name:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
BUCKET_NAME = "^[a-z0-9-]*$"
NO_HOST = "a bucket whose name has dots has no host under S3's certificate; take one without"


@dataclass(frozen=True, slots=True)
class Adopted:
    """Their names, empty for what the stack makes itself; ``infra.adopt`` makes them ready.

    Attributes
    ----------
    table, table_stream
        Of the images: no name tells the ARN of its stream, which ends in the time of its making.
    """

    bucket: str = ""
    table: str = ""
    table_stream: str = ""
    tokens_table: str = ""

    @classmethod
    def of(cls, context: Callable[[str], object]) -> "Adopted":
        """Return what the command line, or ``cdk.json``, names.

        Raises
        ------
        ValueError
            The bucket's name has dots, or the stream is not the table's.
        """
        names = ("bucket", "table", "tableStream", "tokensTable")
        adopted = cls(*(str(context(name) or "") for name in names))
        if not re.fullmatch(BUCKET_NAME, adopted.bucket):
            raise ValueError(f"-c bucket={adopted.bucket}: {NO_HOST}")
        of_table = f":table/{adopted.table}/stream/" if adopted.table else ""
        if bool(of_table) != bool(adopted.table_stream) or of_table not in adopted.table_stream:
            raise ValueError(
                f"-c table={adopted.table} -c tableStream={adopted.table_stream}: a table and the "
                "ARN of its stream go together; 'python -m infra.adopt' tells them"
            )
        return adopted

    def images(self, scope: Construct, construct_id: str) -> dynamodb.ITable | None:
        """Return the images' table, if one is adopted."""
        if not self.table:
            return None
        return dynamodb.Table.from_table_attributes(
            scope,
            construct_id,
            table_name=self.table,
            table_stream_arn=self.table_stream,
            global_indexes=[*IMAGES_INDEXES],
        )

    def tokens(self, scope: Construct, construct_id: str) -> dynamodb.ITable | None:
        """Return the tokens' table, if one is adopted."""
        if not self.tokens_table:
            return None
        return dynamodb.Table.from_table_name(scope, construct_id, self.tokens_table)
