"""The table that tests run on is the table that is deployed."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import assertions

from infra.adopted import Adopted
from infra.storage import Catalogue
from tests.images_table import counts_table, images_table


def test_the_template_creates_the_same_keys_and_indexes() -> None:
    stack = cdk.Stack(cdk.App(), "Tables")
    Catalogue(stack, "Catalogue", Adopted(), protect=True)
    found = assertions.Template.from_stack(stack).find_resources("AWS::DynamoDB::Table")
    tables = [resource["Properties"] for resource in found.values()]
    (deployed,) = [table for table in tables if "GlobalSecondaryIndexes" in table]
    assert counts_table("counts")["KeySchema"] in [table["KeySchema"] for table in tables]
    wanted = images_table("images")
    assert deployed["KeySchema"] == wanted["KeySchema"]
    assert _indexes(deployed) == _indexes(wanted)
    assert _types(deployed) == _types(wanted)


def _indexes(table: dict[str, Any]) -> dict[str, Any]:
    return {
        index["IndexName"]: (index["KeySchema"], index["Projection"])
        for index in table["GlobalSecondaryIndexes"]
    }


def _types(table: dict[str, Any]) -> dict[str, str]:
    return {
        entry["AttributeName"]: entry["AttributeType"] for entry in table["AttributeDefinitions"]
    }
