"""What the synthesised template promises."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import botocore.session
import pytest
from aws_cdk import aws_s3 as s3

from app import RESERVE_MS
from benchmarks.cost.inputs import INPUTS
from chalicelib.names import DERIVED, IMPORTS, INDEX, RECONCILING, RECOUNTED, UPLOADS
from chalicelib.queue import HIDDEN_SECONDS
from chalicelib.settings import Settings, variable
from infra.app import check
from infra.engines import DEFAULT_ENGINE
from infra.functions import ARCHITECTURE
from local.function import HANDLERS
from tests import linters
from tests.templates import engine_assembly

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def template(assembly: Path) -> dict[str, Any]:
    return dict(json.loads((assembly / "ImageRepo.template.json").read_text()))


def of_type(template: dict[str, Any], kind: str) -> Resources:
    found = {name: r for name, r in template["Resources"].items() if r["Type"] == kind}
    assert found, f"no {kind} in the template"
    return found


def only(resources: Resources) -> dict[str, Any]:
    (resource,) = resources.values()
    return dict(resource["Properties"])


def statements(template: dict[str, Any]) -> list[dict[str, Any]]:
    policies = of_type(template, "AWS::IAM::Policy").values()
    return [s for p in policies for s in p["Properties"]["PolicyDocument"]["Statement"]]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def functions(template: dict[str, Any]) -> Resources:
    plain = of_type(template, "AWS::Lambda::Function")
    return plain | of_type(template, "AWS::Serverless::Function")


def test_the_bucket_is_private_encrypted_and_versioned(template: dict[str, Any]) -> None:
    bucket = only(of_type(template, "AWS::S3::Bucket"))
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_refuses_anything_but_tls(template: dict[str, Any]) -> None:
    policy = only(of_type(template, "AWS::S3::BucketPolicy"))["PolicyDocument"]
    assert any(
        s["Effect"] == "Deny"
        and s["Action"] == "s3:*"
        and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for s in policy["Statement"]
    )


def test_the_bucket_forgets_old_versions_and_unfinished_uploads(template: dict[str, Any]) -> None:
    rules = only(of_type(template, "AWS::S3::Bucket"))["LifecycleConfiguration"]["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    prefixes = {r["Prefix"] for r in rules if "NoncurrentVersionExpiration" in r}
    assert prefixes == {"uploads/", "derived/", "index/"}
    # What a listing of the index's parts would otherwise step over, more every second.
    unmarked = {r["Prefix"] for r in rules if r.get("ExpiredObjectDeleteMarker")}
    assert "index/" in unmarked


def test_only_uploads_are_announced_both_when_created_and_when_removed(
    template: dict[str, Any],
) -> None:
    bucket = only(of_type(template, "AWS::S3::Bucket"))
    queues = bucket["NotificationConfiguration"]["QueueConfigurations"]
    assert {q["Event"] for q in queues} == {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}
    rules = [rule for q in queues for rule in q["Filter"]["S3Key"]["Rules"]]
    assert rules == [{"Name": "prefix", "Value": "uploads/"}] * 2


@pytest.mark.fault(38, by="the template")
def test_hosts_and_partitions_are_left_to_the_region(template: dict[str, Any]) -> None:
    spelled = re.findall(r'"([^"]*(?:amazonaws\.|arn:aws)[^"]*)"', json.dumps(template))
    # Services sign in by these names in every partition.
    assert [text for text in spelled if not re.fullmatch(r"[a-z0-9]+\.amazonaws\.com", text)] == []


@pytest.mark.parametrize(
    ("name", "is_taken"), [("", True), ("image-repo-local", True), ("my.own", False)]
)
def test_a_bucket_whose_name_has_dots_is_refused(
    template: dict[str, Any], name: str, is_taken: bool
) -> None:
    pattern = template["Parameters"]["BucketName"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, name)) is is_taken


def test_photographs_and_records_outlive_the_stack(template: dict[str, Any]) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
        for name, resource in of_type(template, kind).items():
            # Counts are made anew from the records.
            policy = "Delete" if name.startswith("CatalogueCounts") else "Retain"
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == policy


def test_the_stack_and_its_tables_cannot_be_deleted_by_mistake(
    template: dict[str, Any], assembly: Path
) -> None:
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        kept = not name.startswith("CatalogueCounts")
        assert table["Properties"]["DeletionProtectionEnabled"] is kept
    manifest = json.loads((assembly / "manifest.json").read_text())
    stack = manifest["artifacts"]["ImageRepo"]["properties"]
    assert stack["terminationProtection"] is True
    assert stack["tags"] == {"Application": "image-repo", "Stage": "default"}


@pytest.mark.fault(7, by="the template")
def test_an_event_stays_hidden_six_times_as_long_as_the_captioner_may_take(
    template: dict[str, Any],
) -> None:
    captioner = named(template, "image-repo-captioner")
    hidden = [
        queue["Properties"]["VisibilityTimeout"]
        for queue in of_type(template, "AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue["Properties"]
    ]
    assert hidden == [6 * captioner["Timeout"]]


def named(template: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (
        f["Properties"]
        for f in functions(template).values()
        if f["Properties"].get("FunctionName") == name
    )
    return dict(found)


@pytest.mark.parametrize(
    ("name", "handler"),
    [
        ("image-repo-captioner", "captioner.handler.ingest"),
        ("image-repo-encoder", "captioner.handler.encode"),
    ],
)
def test_captioner_and_encoder_share_an_image(
    template: dict[str, Any], name: str, handler: str
) -> None:
    function = named(template, name)
    assert function["PackageType"] == "Image"
    assert function["ImageConfig"]["Command"] == [handler]
    assert function["Code"] == named(template, "image-repo-captioner")["Code"]


def test_functions_image_and_layer_are_of_one_architecture(
    template: dict[str, Any], assembly: Path
) -> None:
    assets = json.loads((assembly / "ImageRepo.assets.json").read_text())
    platforms = {a["source"].get("platform") for a in assets["dockerImages"].values()}
    assert platforms == {ARCHITECTURE.docker_platform}
    for name, function in functions(template).items():
        assert function["Properties"].get("Architectures") == [ARCHITECTURE.name], name
    layer = only(of_type(template, "AWS::Lambda::LayerVersion"))
    assert layer["CompatibleArchitectures"] == [ARCHITECTURE.name]


def test_the_index_has_one_writer(template: dict[str, Any]) -> None:
    assert named(template, "image-repo-indexer")["ReservedConcurrentExecutions"] == 1


@pytest.mark.fault(39, by="the template")
def test_captioning_leaves_half_of_a_new_accounts_quota(template: dict[str, Any]) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    (queue,) = (m["Properties"] for m in mappings if "ScalingConfig" in m["Properties"])
    assert queue["ScalingConfig"] == {"MaximumConcurrency": 5}


@pytest.mark.fault(39, by="the template")
def test_the_default_deployment_reserves_nothing_and_lets_half_of_a_new_quota_caption() -> None:
    """Of ten executions none can be reserved; what does not fit waits in the queue."""
    told = (engine_assembly(DEFAULT_ENGINE) / "ImageRepo.template.json").read_text()
    template = json.loads(told)
    made = [function["Properties"] for function in functions(template).values()]
    assert {one.get("ReservedConcurrentExecutions") for one in made} == {None}
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    scaling = [m["Properties"].get("ScalingConfig") for m in mappings]
    assert [one for one in scaling if one] == [{"MaximumConcurrency": 5}]
    waiting = of_type(template, "AWS::SQS::Queue").values()
    assert all(q["Properties"]["MessageRetentionPeriod"] >= 4 * 86_400 for q in waiting)


@pytest.mark.fault(8, by="the template")
def test_no_event_is_lost_by_a_failing_reader(template: dict[str, Any]) -> None:
    mappings = of_type(template, "AWS::Lambda::EventSourceMapping").values()
    for mapping in mappings:
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    (stream,) = (m["Properties"] for m in mappings if "StartingPosition" in m["Properties"])
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["StartingPosition"] == "TRIM_HORIZON"
    # As long as the stream keeps records, a day, less an hour in which Lambda tells the queue.
    assert stream["MaximumRetryAttempts"] == -1
    assert stream["MaximumRecordAgeInSeconds"] == 23 * 3_600
    assert stream["DestinationConfig"]["OnFailure"]["Destination"]


def test_the_images_table_streams_both_images_and_has_the_contracts_indexes(
    template: dict[str, Any],
) -> None:
    tables = [t["Properties"] for t in of_type(template, "AWS::DynamoDB::Table").values()]
    (images,) = (t for t in tables if "StreamSpecification" in t)
    assert images["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    keys = {
        index["IndexName"]: tuple(key["AttributeName"] for key in index["KeySchema"])
        for index in images["GlobalSecondaryIndexes"]
    }
    assert keys == {
        "by_owner": ("owner", "created_at"),
        "by_state": ("owner_state", "created_at"),
        "by_time": ("listing", "created_at"),
        "by_time_in_state": ("listing_state", "created_at"),
        "by_content": ("owner_content", "created_at"),
    }
    # Vectors in five indexes would cost more than the rest of a photograph's record.
    projected = [index["Projection"] for index in images["GlobalSecondaryIndexes"]]
    assert projected == [{"ProjectionType": "KEYS_ONLY"}] * 5
    for table in tables:
        recovery = table["PointInTimeRecoverySpecification"]
        assert recovery["PointInTimeRecoveryEnabled"] is True


@pytest.mark.fault(31, by="the template")
def test_what_is_due_is_settled_on_a_schedule_and_dead_letters_are_met_once_a_run(
    template: dict[str, Any],
) -> None:
    scheduled = [
        function["Properties"]
        for function in of_type(template, "AWS::Serverless::Function").values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Schedule"
    ]
    (settling,) = scheduled
    (event,) = settling["Events"].values()
    assert event["Properties"]["Schedule"] == "rate(30 minutes)"
    assert settling["Handler"] == "app.reconcile"
    assert settling["Timeout"] * 1000 > RESERVE_MS
    assert settling["Timeout"] < HIDDEN_SECONDS
    variables = settling["Environment"]["Variables"]
    queue = variables["IMAGE_REPO_DEAD_LETTER_QUEUE_URL"]["Ref"]
    redrives = [
        q["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for q in of_type(template, "AWS::SQS::Queue").values()
        if "RedrivePolicy" in q["Properties"]
    ]
    assert redrives == [queue]


def test_who_may_read_objects_is_told_that_one_is_missing(template: dict[str, Any]) -> None:
    for policy in of_type(template, "AWS::IAM::Policy").values():
        statements = policy["Properties"]["PolicyDocument"]["Statement"]
        actions = {action for s in statements for action in as_list(s["Action"])}
        assert "s3:ListBucket" in actions or "s3:GetObject" not in actions, policy["Properties"]


def test_a_dead_letter_is_kept_for_longer_than_an_event_waits(template: dict[str, Any]) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    for queue in (q["Properties"] for q in queues.values()):
        if redrive := queue.get("RedrivePolicy"):
            dead = queues[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]
            assert queue["MessageRetentionPeriod"] <= dead["MessageRetentionPeriod"] - 7 * 86_400


def test_no_role_is_one_of_awss_broad_ones(template: dict[str, Any]) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        # One writes the logs of every API of the account.
        if "apigateway.amazonaws.com" not in str(role["Properties"]["AssumeRolePolicyDocument"]):
            assert "ManagedPolicyArns" not in role["Properties"]


def test_logs_end_after_a_month_and_every_function_has_such_a_log(
    template: dict[str, Any],
) -> None:
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert {g["Properties"]["RetentionInDays"] for g in groups.values()} == {30}
    for function in functions(template).values():
        assert function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] in groups


def test_every_function_is_traced_and_knows_the_stack(template: dict[str, Any]) -> None:
    for name, function in functions(template).items():
        properties = function["Properties"]
        tracing = properties.get("TracingConfig", {}).get("Mode") or properties.get("Tracing")
        # Nobody waits for the reconciler.
        assert tracing == ("PassThrough" if name == "Reconciler" else "Active"), name
        variables = properties["Environment"]["Variables"]
        wanted = {"BUCKET", "TABLE", "TOKENS_TABLE", "QUEUE_URL", "ENCODER_FUNCTION", "EVENT_BUS"}
        assert {f"IMAGE_REPO_{w}" for w in wanted} <= set(variables), name
        assert variables["IMAGE_REPO_SEARCH"] == "embedded"


def test_the_functions_are_told_settings_and_nothing_else(template: dict[str, Any]) -> None:
    known = {variable(field) for field in Settings.model_fields}
    required = {variable(n) for n, field in Settings.model_fields.items() if field.is_required()}
    for name, function in functions(template).items():
        told = set(function["Properties"]["Environment"]["Variables"])
        assert required <= told, name
        assert {v for v in told if v.startswith("IMAGE_REPO_")} <= known, name


def test_roles_reach_the_prefixes_that_the_code_uses_and_no_other(
    template: dict[str, Any],
) -> None:
    actions = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    reached = {
        part
        for statement in statements(template)
        if actions & set(as_list(statement["Action"]))
        for resource in as_list(statement["Resource"])
        for part in resource["Fn::Join"][1]
        if isinstance(part, str)
    }
    prefixes = (UPLOADS, DERIVED, INDEX, IMPORTS, RECONCILING, RECOUNTED)
    assert reached == {f"/{prefix}*" for prefix in prefixes}


@pytest.mark.fault(40, by="the template")
def test_a_model_that_says_nothing_or_the_same_of_all_raises_an_alarm_within_15_minutes(
    template: dict[str, Any],
) -> None:
    alarms = (a["Properties"] for a in of_type(template, "AWS::CloudWatch::Alarm").values())
    (alarm,) = [alarm for alarm in alarms if alarm["MetricName"] == "doubtful"]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Average", 0.9)
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 900


@pytest.mark.fault(30, by="the template")
def test_what_a_person_must_look_at_raises_an_alarm(template: dict[str, Any]) -> None:
    metrics = {
        a["Properties"]["MetricName"] for a in of_type(template, "AWS::CloudWatch::Alarm").values()
    }
    assert metrics >= {
        "ApproximateNumberOfMessagesVisible",
        "ApproximateAgeOfOldestMessage",
        "IteratorAge",
        "Errors",
        "5XXError",
        "doubtful",
    }
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["AlarmActions"]


def test_the_bill_counts_what_is_deployed(template: dict[str, Any]) -> None:
    counted = {
        "AWS::CloudWatch::Alarm": INPUTS.alarms,
    }
    for kind, number in counted.items():
        assert len(of_type(template, kind)) == number.value, kind
    assert only(of_type(template, "AWS::XRay::SamplingRule"))["SamplingRule"]["FixedRate"] == (
        INPUTS.traced.value
    )
    sizes = {f["Properties"].get("MemorySize") for f in functions(template).values()}
    assert sizes >= {INPUTS.api_mb.value, INPUTS.captioner_mb.value, INPUTS.indexer_mb.value}


@pytest.fixture(scope="session")
def translated(template: dict[str, Any]) -> dict[str, Any]:
    """Return the template as AWS's own translator leaves it to CloudFormation."""
    return linters.translated(template)


def test_the_api_has_one_stage_which_is_throttled_and_traced(translated: dict[str, Any]) -> None:
    stage = only(of_type(translated, "AWS::ApiGateway::Stage"))
    assert stage["StageName"] == "api"
    assert stage["TracingEnabled"] is True
    (settings,) = stage["MethodSettings"]
    assert (settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]) == (100, 200)
    assert "StageName" not in only(of_type(translated, "AWS::ApiGateway::Deployment"))


def test_api_gateway_compresses_answers(translated: dict[str, Any]) -> None:
    assert only(of_type(translated, "AWS::ApiGateway::RestApi"))["MinimumCompressionSize"] == 1_000


def test_no_metric_is_paid_for_that_no_alarm_reads(translated: dict[str, Any]) -> None:
    (settings,) = only(of_type(translated, "AWS::ApiGateway::Stage"))["MethodSettings"]
    assert not settings.get("MetricsEnabled")


@pytest.mark.fault(42, by="the template")
def test_what_api_gateway_refuses_is_a_problem_document(translated: dict[str, Any]) -> None:
    body = only(of_type(translated, "AWS::ApiGateway::RestApi"))["Body"]
    responses = body["x-amazon-apigateway-gateway-responses"]
    for response in responses.values():
        problem = json.loads(response["responseTemplates"]["application/json"])
        assert set(problem) == {"type", "title", "status", "detail"}
        assert str(problem["status"]) == response["statusCode"]
        kind = response["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert kind == "'application/problem+json'"
    service = botocore.session.get_session().get_service_model("apigateway")
    known = set(service.shape_for("GatewayResponseType").enum)  # type: ignore[attr-defined]
    assert set(responses) == known - {"DEFAULT_4XX", "DEFAULT_5XX"}
    statuses = {kind: response["statusCode"] for kind, response in responses.items()}
    assert statuses["MISSING_AUTHENTICATION_TOKEN"] == "404"
    assert statuses["ACCESS_DENIED"] == statuses["UNAUTHORIZED"] == "401"


def test_every_route_but_health_the_document_and_the_gallerys_files_asks_for_a_token(
    template: dict[str, Any],
) -> None:
    paths = only(of_type(template, "AWS::Serverless::Api"))["DefinitionBody"]["paths"]
    free = {
        path
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method != "options" and not operation.get("security")
    }
    assert "/images" in paths
    assert "/images" not in free
    assert {p for p in free if not p.startswith("/gallery")} <= {
        "/",
        "/health",
        "/auth",
        "/openapi.json",
    }


def test_the_stack_tells_what_the_contract_says(template: dict[str, Any]) -> None:
    assert set(template["Outputs"]) >= {
        "ApiId",
        "ApiUrl",
        "Bucket",
        "Table",
        "TokensTable",
        "QueueUrl",
        "DeadLetterQueueUrl",
        "Region",
        "AlarmTopic",
    }


def test_cdk_nag_stops_what_it_objects_to(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    check(app)
    s3.Bucket(cdk.Stack(app, "Careless"), "Bucket")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()


def test_the_local_stack_runs_the_handlers_that_the_template_names(
    template: dict[str, Any],
) -> None:
    deployed = {
        r["Properties"]["FunctionName"]: r["Properties"]["ImageConfig"]["Command"][0]
        for r in template["Resources"].values()
        if r.get("Properties", {}).get("PackageType") == "Image"
    }
    assert deployed == HANDLERS
