"""Buckets and tables that are there already: made ready, and the template around them."""

import json
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import boto3
import pytest
from aws_cdk import assertions
from moto import mock_aws

from chalicelib.names import COUNTS_KEY, IMAGES_INDEXES, TOKENS_KEY
from infra import adopt as adopting
from infra.adopt import UnfitError, adopt
from infra.adopted import Adopted
from infra.app import check
from infra.functions import READ, READ_ITEMS, Identity
from infra.storage import AdoptedStorage, Catalogue, OwnStorage, Queues
from tests.images_table import images_table
from tests.templates import left_open

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/restored/stream/2026-11-29T10:00:00.000"
CONTEXT = {"bucket": "kept", "table": "restored", "tableStream": STREAM, "tokensTable": "tokens"}


# The template ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    """Return the template of what keeps data, all adopted; cdk-nag objects to nothing in it."""
    app = cdk.App()
    check(app)
    stack = cdk.Stack(app, "Stack")
    adopted = Adopted.of(CONTEXT.get)
    storage = AdoptedStorage(stack, "Storage", name=adopted.bucket)
    Queues(stack, "Queues", storage=storage)
    catalogue = Catalogue(stack, "Catalogue", adopted, protect=True)
    identity = Identity(stack, "Identity", service="api")
    identity.allow_objects(storage, READ, "uploads/")
    identity.allow_items(catalogue.images, READ_ITEMS)
    identity.allow_queries(catalogue.images, *IMAGES_INDEXES)
    identity.allow_items(catalogue.tokens, READ_ITEMS)
    app.synth()
    return dict(assertions.Template.from_stack(stack).to_json())


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in template["Resources"].values() if r["Type"] == kind]


def test_what_is_adopted_is_not_made_again(template: dict[str, Any]) -> None:
    assert not of_type(template, "AWS::S3::Bucket")
    (counts,) = of_type(template, "AWS::DynamoDB::Table")  # the stack's own, counted anew
    assert counts["KeySchema"] == [{"AttributeName": COUNTS_KEY, "KeyType": "HASH"}]


def test_an_adopted_bucket_announces_uploads(template: dict[str, Any]) -> None:
    (told,) = of_type(template, "Custom::S3BucketNotifications")
    assert (told["BucketName"], told["Managed"]) == ("kept", False)
    queues = told["NotificationConfiguration"]["QueueConfigurations"]
    events = [event for one in queues for event in one["Events"]]
    assert events == ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    assert {json.dumps(one["Filter"]["Key"]["FilterRules"]) for one in queues} == {
        '[{"Name": "prefix", "Value": "uploads/"}]'
    }


def test_a_resource_is_left_open_only_where_aws_knows_none(template: dict[str, Any]) -> None:
    assert left_open(template) == []


def test_whoever_sets_the_notifications_may_do_so_on_this_bucket_only(
    template: dict[str, Any],
) -> None:
    statements = [
        statement
        for policy in of_type(template, "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:PutBucketNotification" in statement["Action"]
    ]
    assert [json.dumps(one["Resource"]).endswith(':s3:::kept"]]}') for one in statements] == [True]


def test_roles_reach_the_adopted_tables(template: dict[str, Any]) -> None:
    reached = json.dumps(of_type(template, "AWS::IAM::Policy"))
    for resource in ("restored", "restored/index/by_owner", "tokens"):
        assert f':table/{resource}"' in reached
    assert ":s3:::kept/uploads/*" in reached


def test_the_policy_of_a_bucket_stays_with_it() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    OwnStorage(stack, "Storage", bucket_name="name")
    found = assertions.Template.from_stack(stack).find_resources("AWS::S3::BucketPolicy")
    assert [policy["DeletionPolicy"] for policy in found.values()] == ["Retain"]


@pytest.mark.parametrize(
    "context",
    [
        {"table": "restored"},
        {"tableStream": STREAM},
        {"table": "another", "tableStream": STREAM},
    ],
)
def test_a_table_without_its_own_stream_is_refused_by_name(context: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"-c table=.* -c tableStream=.*infra\.adopt"):
        Adopted.of(context.get)


def test_a_bucket_whose_name_has_dots_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"-c bucket=my\.photos: .*certificate"):
        Adopted.of({"bucket": "my.photos"}.get)


# Making them ready -------------------------------------------------------------------------------


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Yield with a bucket and two tables as a removed stack and a restored backup leave them."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3, dynamodb = boto3.client("s3"), boto3.client("dynamodb")
        s3.create_bucket(Bucket="kept")
        dynamodb.create_table(**images_table("restored"))
        dynamodb.create_table(**table("tokens", TOKENS_KEY))
        yield


def table(name: str, key: str) -> Any:
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
    }


def queue(name: str) -> str:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]


@pytest.mark.usefixtures("account")
def test_a_restored_table_gets_its_stream_and_point_in_time_recovery() -> None:
    context = adopt(None, "restored", "tokens")
    dynamodb = boto3.client("dynamodb")
    told = dynamodb.describe_table(TableName="restored")["Table"]
    assert told["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert context == {
        "table": "restored",
        "tableStream": told["LatestStreamArn"],
        "tokensTable": "tokens",
    }
    assert Adopted.of(context.get).table == "restored"
    for name in ("restored", "tokens"):
        backups = dynamodb.describe_continuous_backups(TableName=name)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
    assert adopt(None, "restored", None)["tableStream"] == told["LatestStreamArn"]  # again


@pytest.mark.usefixtures("account")
def test_an_adopted_bucket_takes_uploads_of_the_gallery_and_keeps_versions() -> None:
    assert adopt("kept", None, None) == {"bucket": "kept"}
    s3 = boto3.client("s3")
    assert s3.get_bucket_versioning(Bucket="kept")["Status"] == "Enabled"
    (rule,) = s3.get_bucket_cors(Bucket="kept")["CORSRules"]
    assert set(rule["AllowedMethods"]) == {"GET", "POST"}


@pytest.mark.usefixtures("account")
def test_a_bucket_whose_name_has_dots_is_not_made_ready() -> None:
    boto3.client("s3").create_bucket(Bucket="my.photos")
    with pytest.raises(UnfitError, match=r"my\.photos: .*certificate"):
        adopt("my.photos", None, None)
    assert "Status" not in boto3.client("s3").get_bucket_versioning(Bucket="my.photos")


@pytest.mark.usefixtures("account")
def test_a_bucket_forgets_the_queues_that_are_gone_and_no_other() -> None:
    living, gone = queue("living"), queue("gone")
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    configurations: Any = [
        {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]} for arn in (living, gone)
    ]
    s3.put_bucket_notification_configuration(
        Bucket="kept", NotificationConfiguration={"QueueConfigurations": configurations}
    )
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="gone")["QueueUrl"])
    adopt("kept", None, None)
    left = s3.get_bucket_notification_configuration(Bucket="kept")["QueueConfigurations"]
    assert [one["QueueArn"] for one in left] == [living]


@pytest.mark.usefixtures("account")
def test_a_table_that_was_restored_without_its_indexes_is_refused() -> None:
    boto3.client("dynamodb").create_table(**table("bare", "image_id"))
    with pytest.raises(UnfitError, match="bare lacks by_content, by_owner, by_state, by_time"):
        adopt(None, "bare", None)


@pytest.mark.usefixtures("account")
def test_a_table_with_another_key_is_refused() -> None:
    with pytest.raises(UnfitError, match="tokens is not image_id"):
        adopt(None, "tokens", None)


@pytest.mark.usefixtures("account")
def test_the_command_tells_what_belongs_into_the_context(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["adopt", "--bucket", "kept", "--tokens-table", "tokens"])
    assert adopting.main() == 0
    told = capsys.readouterr().out.split("\n", 1)[1]
    assert json.loads(told) == {"bucket": "kept", "tokensTable": "tokens"}
    monkeypatch.setattr("sys.argv", ["adopt", "--bucket", "nowhere-at-all"])
    assert adopting.main() == 1


@pytest.mark.usefixtures("account")
def test_the_command_looks_where_a_deployment_would(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    monkeypatch.setattr("sys.argv", ["adopt", "--table", "restored"])
    assert adopting.main() == 0
    assert "arn:aws:dynamodb:us-east-1:" in capsys.readouterr().out
