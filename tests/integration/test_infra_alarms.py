"""Who is told that something is wrong."""

import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_lambda as lambda_

from infra.app import check
from infra.choices import yes_or_no
from infra.observability import Observability, email_of
from infra.stage import Stage
from infra.storage import OwnStorage, Queues

ROOT = Path(__file__).resolve().parents[2]


def alarms(**context: object) -> assertions.Template:
    app = cdk.App()
    check(app)
    stack = cdk.Stack(app, "Stack")
    queues = Queues(
        stack, "Queues", storage=OwnStorage(stack, "Storage", bucket_name="photographs")
    )
    functions = {"Indexer": lambda_.Function.from_function_name(stack, "Indexer", "indexer")}
    scheduled = {"Settler": lambda_.Function.from_function_name(stack, "Settler", "settler")}
    email = email_of(context.get)
    shows = yes_or_no(context.get, "dashboard", default=False)
    Observability(
        stack,
        "Alarms",
        queues,
        queues.dead_letters,
        functions,
        scheduled=scheduled,
        email=email,
        shows=shows,
        stage=Stage("staging"),
    )
    return assertions.Template.from_stack(stack)


def resources(template: assertions.Template, kind: str) -> dict[str, Any]:
    found = template.find_resources(kind)
    return {name: resource["Properties"] for name, resource in found.items()}


def test_cloudwatch_may_publish_to_every_topic_that_an_alarm_goes_to() -> None:
    template = alarms()
    admitted = {
        statement["Resource"]["Ref"]
        for policy in resources(template, "AWS::SNS::TopicPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        and statement["Action"] == "sns:Publish"
        and statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        and statement["Condition"]
        == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    }
    found = resources(template, "AWS::CloudWatch::Alarm").values()
    assert found
    assert {action["Ref"] for alarm in found for action in alarm["AlarmActions"]} <= admitted


@pytest.mark.fault(32, by="the template")
def test_one_failure_of_what_a_schedule_runs_is_told(assembly: Path) -> None:
    template = json.loads((assembly / "ImageRepo.template.json").read_text())["Resources"]
    alarms = [
        alarm["Properties"]
        for alarm in of_type(template, "AWS::CloudWatch::Alarm")
        if alarm["Properties"]["MetricName"] == "Errors"
    ]
    scheduled = [
        name
        for name, function in template.items()
        if "Schedule" in json.dumps(function.get("Properties", {}).get("Events", {}))
    ]
    assert scheduled
    for name in scheduled:
        of_it = [a for a in alarms if f'{{"Ref": "{name}"}}' in json.dumps(a["Dimensions"])]
        assert [alarm["Threshold"] for alarm in of_it] == [1]


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource for resource in template.values() if resource["Type"] == kind]


def test_the_address_of_the_command_line_is_subscribed() -> None:
    (subscription,) = resources(
        alarms(alarmEmail="me@example.org"), "AWS::SNS::Subscription"
    ).values()
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "me@example.org")


def test_nobody_is_subscribed_unasked() -> None:
    assert resources(alarms(), "AWS::SNS::Subscription") == {}


@pytest.mark.parametrize("wrong", ["", "me", "me@", "me @example.org"])
def test_what_is_no_address_is_refused_by_name(wrong: str) -> None:
    with pytest.raises(ValueError, match=f"alarmEmail={wrong}"):
        alarms(alarmEmail=wrong)


def test_a_dashboard_is_there_where_one_is_asked_for_and_nowhere_else() -> None:
    assert resources(alarms(), "AWS::CloudWatch::Dashboard") == {}
    (board,) = resources(alarms(dashboard="yes"), "AWS::CloudWatch::Dashboard").values()
    for title in ("Alarms", "Photographs", "Latency of the API"):
        assert title in str(board["DashboardBody"])


def test_a_dashboard_is_wanted_or_not() -> None:
    with pytest.raises(ValueError, match="-c dashboard=maybe: it can be yes, no"):
        alarms(dashboard="maybe")


def test_every_alarm_is_explained_where_it_sends_to() -> None:
    table = (ROOT / "docs" / "deploy.md").read_text().partition("| Alarm |")[2].partition("\n\n")[0]
    ids = alarms().find_resources("AWS::CloudWatch::Alarm")
    names = {re.sub(r"^Alarms|[0-9A-F]{8}$", "", name) for name in ids}
    assert "DoubtfulCaptions" in names
    assert {name for name in names if name not in table} == {"SettlerErrors"}
    assert "…Errors" in table
