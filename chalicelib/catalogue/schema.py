"""The table's keys and indexes, for whoever creates one: the template, tests."""

from typing import Any

INDEXES: dict[str, tuple[str, str]] = {
    "by_owner": ("owner", "created_at"),
    "by_state": ("owner_state", "created_at"),
    "by_time": ("listing", "created_at"),
}


def table(name: str) -> dict[str, Any]:
    """Return the arguments of ``create_table``."""
    attributes = sorted({"image_id"} | {key for pair in INDEXES.values() for key in pair})
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": _keys("image_id"),
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in attributes
        ],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": _keys(*keys), "Projection": {"ProjectionType": "ALL"}}
            for index, keys in INDEXES.items()
        ],
    }


def _keys(partition: str, sort: str | None = None) -> list[dict[str, str]]:
    pairs = [(partition, "HASH")] + ([(sort, "RANGE")] if sort else [])
    return [{"AttributeName": name, "KeyType": kind} for name, kind in pairs]
