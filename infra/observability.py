"""What tells that something is wrong: alarms, a topic they go to and, if wanted, a dashboard."""

import re
from collections.abc import Callable, Collection, Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chalicelib.names import API, LEFT_OUT, METRICS, STAGE
from chalicelib.reconciling.repairs import REPAIRED
from infra.stage import Stage
from infra.storage import Queues

FIVE_MINUTES = cdk.Duration.minutes(5)
# Of the photographs of each of three such spans, one after the other.
NEARLY_ALL = 0.9
# Failures in five minutes that a person must look at. What a schedule runs fails once at first;
# Lambda tries it twice more, after one and two minutes:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
FAILURES, FAILURES_OF_THE_SCHEDULED = 3, 1
# Repairs of one pass that a person must look at: one or two are an operator's hand or a lost
# event, ten at once a notification that is gone, an index that misses batches, or a backup.
REPAIRS = 10


class Observability(Construct):
    """Alarms on what a person must look at, and a page that shows the flow where one is wanted.

    Parameters
    ----------
    queues
        Events waiting, and events given up.
    missed
        Index batches given up.
    functions
        Name to function; ``Indexer`` reads the stream.
    scheduled
        Likewise, of those that a schedule runs. API Gateway answers 500 for an authorizer that
        fails, which ``Api5xx`` counts:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    email
        Whom alarms are mailed to, once the link in SNS's first mail was followed; None: nobody.
    shows
        Whether there is a dashboard, which costs more than all else that stands idle.
    stage
        Whose metrics are watched.

    Attributes
    ----------
    topic
        Where alarms go.
    alarms
        By name.
    dashboard
        The page, or None.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        queues: Queues,
        missed: sqs.Queue,
        functions: Mapping[str, lambda_.IFunction],
        *,
        scheduled: Mapping[str, lambda_.IFunction],
        email: str | None,
        shows: bool,
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self.topic = self._topic(email)
        age = queues.queue.metric_approximate_age_of_oldest_message(period=FIVE_MINUTES)
        behind = functions["Indexer"].metric(
            "IteratorAge", statistic="Maximum", period=FIVE_MINUTES
        )
        watched = {
            "DeadLetters": (_visible(queues.dead_letters), 1, "photographs that failed five times"),
            "MissedByTheIndex": (_visible(missed), 1, "records that the index took in at no try"),
            "LeftOutOfTheIndex": (self._own(LEFT_OUT, "indexer"), 1, "records no index can hold"),
            "OldestEvent": (age, 900, "photographs waiting for a quarter of an hour"),
            "IndexBehind": (behind, 300_000, "the index five minutes behind"),
            "Api5xx": (self._api("5XXError"), 5, "the API failing"),
            "Repairs": (self._own(REPAIRED, "api"), REPAIRS, "much that had to be repaired"),
        }
        for name, function in functions.items():
            if name == "Indexer":  # what fails there is tried again, and IndexBehind tells of it
                continue
            watched[f"{name}Errors"] = (_errors(function), FAILURES, f"the {name.lower()} failing")
        for name, function in scheduled.items():
            meaning = f"{name}, which runs twice an hour, failing"
            watched[f"{name}Errors"] = (_errors(function), FAILURES_OF_THE_SCHEDULED, meaning)
        self.alarms = {name: self._alarm(name, *what) for name, what in watched.items()}
        meaning = "nearly all photographs refused, or captions uncertain or always the same"
        self.alarms["DoubtfulCaptions"] = self._alarm(
            "DoubtfulCaptions",
            self._own("doubtful", statistic="Average"),
            NEARLY_ALL,
            meaning,
            periods=3,
        )
        waiting = (_visible(queues.queue), age)
        shown = (*functions.values(), *scheduled.values())
        self.dashboard = self._dashboard(waiting, shown) if shows else None

    def _dashboard(
        self, waiting: tuple[cloudwatch.IMetric, ...], functions: Collection[lambda_.IFunction]
    ) -> cloudwatch.Dashboard:
        board = cloudwatch.Dashboard(self, "Dashboard")
        alarms = [*self.alarms.values()]
        board.add_widgets(cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=24))
        board.add_widgets(
            _graph("Photographs", [self._own("captioned"), self._own("failed")]),
            _graph("Events waiting", [*waiting]),
            _graph("API", [self._api("Count"), self._api("5XXError")]),
        )
        board.add_widgets(
            _graph("Duration", [f.metric_duration() for f in functions]),
            _graph("Errors", [f.metric_errors() for f in functions]),
            _graph("Latency of the API", [self._api("Latency", "p95")]),
        )
        return board

    def _topic(self, email: str | None) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        # A policy of the topic's own takes the place of SNS's, which admits the account's alarms:
        # https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
        own_account = {"StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID}}
        alarms = iam.ServicePrincipal("cloudwatch.amazonaws.com", conditions=own_account)
        topic.grant_publish(alarms)
        if email:
            topic.add_subscription(subscriptions.EmailSubscription(email))
        return topic

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        meaning: str,
        *,
        periods: int = 1,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"Image Repo: {meaning}; see docs/deploy.md",
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))
        return alarm

    def _api(self, name: str, statistic: str = "Sum") -> cloudwatch.Metric:
        dimensions = {"ApiName": self._stage.named(API), "Stage": STAGE}
        return _metric("AWS/ApiGateway", name, dimensions, statistic)

    def _own(
        self, name: str, service: str = "captioner", statistic: str = "Sum"
    ) -> cloudwatch.Metric:
        return _metric(self._stage.named(METRICS), name, {"service": service}, statistic)


def email_of(context: Callable[[str], object]) -> str | None:
    """Return whom the command line's ``alarmEmail`` names, by what ``context`` looks up.

    ``ValueError`` is raised where it is no address.
    """
    given = context("alarmEmail")
    if given is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+", str(given)):
        raise ValueError(f"-c alarmEmail={given}: it must be an address, such as me@example.org")
    return None if given is None else str(given)


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=8)


def _errors(function: lambda_.IFunction) -> cloudwatch.Metric:
    return function.metric_errors(period=FIVE_MINUTES)


def _visible(queue: sqs.Queue) -> cloudwatch.Metric:
    return queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES)


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=FIVE_MINUTES,
    )
