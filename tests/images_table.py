"""The tables' keys and indexes, where a test creates them without the template."""

from typing import Any

from chalicelib.names import COUNTS_KEY, IMAGES_INDEXES, IMAGES_KEY


def images_table(name: str) -> dict[str, Any]:
    attributes = sorted({IMAGES_KEY} | {key for pair in IMAGES_INDEXES.values() for key in pair})
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _keys(IMAGES_KEY),
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": _keys(*keys),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, keys in IMAGES_INDEXES.items()
        ],
    }


def counts_table(name: str) -> dict[str, Any]:
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _keys(COUNTS_KEY),
        "AttributeDefinitions": [{"AttributeName": COUNTS_KEY, "AttributeType": "S"}],
    }


def _keys(partition: str, sort: str | None = None) -> list[dict[str, str]]:
    pairs = [(partition, "HASH")] + ([(sort, "RANGE")] if sort else [])
    return [{"AttributeName": name, "KeyType": kind} for name, kind in pairs]
