"""Deploying a cloud assembly without the CDK's command line and without Docker.

The command line does the same against AWS: upload the assets, then hand the template to
CloudFormation. Images are left out; ``local.function`` runs them from the checkout.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.names import STACK, STAGE
from infra.bootstrap import bootstrap_parameter
from local.errors import LocalError
from local.layout import ACCOUNT, BUCKET, REGION, read_json
from local.lifecycle import put_rules
from local.processes import until

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

BOOTSTRAP_VERSION = "30"  # the least that the CDK's templates ask for
DEPLOY_SECONDS = 180
# What nothing on one machine depends on and MiniStack has no part for.
NOT_EMULATED = frozenset({"AWS::XRay::SamplingRule"})
COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def deployed() -> bool:
    """Tell whether the emulator holds the stack, whole."""
    stack = _stack()
    return stack is not None and stack["StackStatus"] in COMPLETE


def outputs() -> dict[str, str]:
    """Return what the stack tells about itself: docs/contracts.md, "Names"."""
    stack = _stack()
    told = stack.get("Outputs", []) if stack else []
    return {output["OutputKey"]: output["OutputValue"] for output in told}


def deploy(assembly: Path) -> None:
    """Create or update the stack.

    Raises
    ------
    LocalError
        CloudFormation refused.
    """
    urls = _upload_assets(assembly)
    template = read_json(assembly / f"{STACK}.template.json")
    boto3.client("ssm").put_parameter(
        Name=bootstrap_parameter(), Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    cloudformation = boto3.client("cloudformation")
    arguments: dict[str, Any] = {
        "StackName": STACK,
        # CloudFormation takes a template of over 51,200 bytes only from a bucket.
        "TemplateURL": urls[f"{STACK}.template.json"],
        "Parameters": _parameters(template),
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    if _stack() is None:
        cloudformation.create_stack(**arguments)
    else:
        try:
            cloudformation.update_stack(**arguments)
        except ClientError as refusal:
            if "No updates" not in str(refusal):
                raise
    _wait()
    _customise_gateway(template["Resources"]["RestAPI"]["Properties"]["GatewayResponses"])
    for rules in _lifecycles(template):
        put_rules(boto3.client("s3"), rules)


def _customise_gateway(responses: Mapping[str, Any]) -> None:
    """Give the API the template's gateway responses, which the emulator reads from no template."""
    gateway, api = boto3.client("apigateway"), outputs()["ApiId"]
    for kind, response in responses.items():
        gateway.put_gateway_response(
            restApiId=api,
            responseType=kind,
            statusCode=str(response["StatusCode"]),
            responseParameters={
                f"gatewayresponse.header.{name}": value
                for name, value in response["ResponseParameters"]["Headers"].items()
            },
            responseTemplates=response["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api, stageName=STAGE)


def _parameters(template: Mapping[str, Any]) -> list["ParameterTypeDef"]:
    """Return the bucket's name, unless one is adopted."""
    if "BucketName" not in template.get("Parameters", {}):
        return []
    return [{"ParameterKey": "BucketName", "ParameterValue": BUCKET}]


def _lifecycles(template: Mapping[str, Any]) -> list[Sequence[Mapping[str, Any]]]:
    """Return the rules of the bucket that is made, none where one is adopted."""
    made = [one for one in template["Resources"].values() if one["Type"] == "AWS::S3::Bucket"]
    properties = [one["Properties"] for one in made if "BucketName" in one["Properties"]]
    return [one["LifecycleConfiguration"]["Rules"] for one in properties]


def _upload_assets(assembly: Path) -> dict[str, str]:
    """Upload everything that the assembly names; return where each file then is."""
    s3 = boto3.client("s3")
    urls = {}
    for asset in read_json(assembly / f"{STACK}.assets.json")["files"].values():
        path = asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket, key = (_resolved(destination[name]) for name in ("bucketName", "objectKey"))
            with suppress(s3.exceptions.BucketAlreadyOwnedByYou):  # of a start that was killed
                s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key=key, Body=_packed(assembly / path))
            urls[path] = f"{s3.meta.endpoint_url}/{bucket}/{key}"
    return urls


def _packed(source: Path) -> bytes:
    if source.name == f"{STACK}.template.json":
        return json.dumps(emulated(read_json(source))).encode()
    if source.is_file():
        return source.read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                target.write(path, path.relative_to(source))
    return archive.getvalue()


def emulated(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template without the resources that the emulator has no part for."""
    resources = template["Resources"].items()
    known = {name: made for name, made in resources if made["Type"] not in NOT_EMULATED}
    return {**template, "Resources": known}


def _resolved(text: str) -> str:
    known = {"AccountId": ACCOUNT, "Region": REGION, "Partition": "aws"}
    for name, value in known.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _wait() -> None:
    if until(lambda: not _status().endswith("IN_PROGRESS"), DEPLOY_SECONDS, poll=0.2):
        if _status() in COMPLETE:
            return
        happened = f"the stack is {_status()}: {_reason()}"
    else:
        happened = f"the stack was not complete within {DEPLOY_SECONDS} s"
    raise LocalError(happened, "read ministack.log; 'make clean' begins anew")


def _status() -> str:
    stack = _stack()
    return stack["StackStatus"] if stack else "MISSING"


def _reason() -> str:
    events = boto3.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        f"{event.get('LogicalResourceId')}: {event['ResourceStatusReason']}"
        for event in events
        if event.get("ResourceStatusReason") and "FAILED" in event.get("ResourceStatus", "")
    ]
    return "; ".join(reasons[:3]) or "no reason given"


def _stack() -> "StackTypeDef | None":
    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    except ClientError:
        return None
    living = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    return living[0] if living else None
