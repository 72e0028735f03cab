"""What stands before the API in the template: CloudFront, names, a firewall, a log."""

import copy
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_s3 as s3
from samtranslator.translator.transform import transform

from chalicelib.api import pages
from chalicelib.names import EMBEDDED
from infra.access_log import LINE
from infra.address import Address
from infra.app import check
from infra.cdn import KEPT_ERRORS, PAGE_FUNCTION, Cdn
from infra.edge import Edge
from infra.gateway import gateway_responses
from infra.storage import OwnStorage
from local.synthesis import path_with_node
from tests.templates import aws_assembly

REACHED = pages.Origins(
    "https://photographs.s3.eu-central-1.amazonaws.com", "https://sign-in.example.org"
)
NAMED = {
    "domain": "photos.example.org",
    "certificate": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b-2c",
}
Template = dict[str, Any]


def translated(assembly: Path) -> Template:
    """Return the whole template, as SAM leaves it to CloudFormation; cdk-nag let it pass."""
    template = json.loads((assembly / "ImageRepo.template.json").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        return dict(transform(copy.deepcopy(template), {}, SimpleNamespace(load=dict)))


@pytest.fixture(scope="module")
def on_aws() -> Template:
    """Return what is deployed to AWS where nothing else is said."""
    return translated(aws_assembly(EMBEDDED))


@pytest.fixture(scope="module")
def with_everything() -> Template:
    """Return what is deployed without CloudFront, and with everything else that can be said."""
    cors = "https://a.example.org,https://b.example.org"
    said = {"cdn": "no", "waf": "yes", "logRole": "no", "cors": cors, "keepPosition": "yes"}
    context = {**NAMED, **said}
    return translated(aws_assembly(EMBEDDED, context, "without-cdn"))


def address(region: str = "eu-central-1", **context: str) -> Template:
    """Return only what stands before the API, for values of a command line."""
    app = cdk.App()
    check(app)
    stack = cdk.Stack(app, "Stack")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "photographs")
    made = Address(
        stack,
        "Address",
        Edge.of(context.get, region),
        api_id="abc123",
        bucket=bucket,
        token_origin="",
    )
    cdk.CfnOutput(stack, "Url", value=made.url)
    return dict(assertions.Template.from_stack(stack).to_json())


def of_type(template: Template, kind: str) -> list[dict[str, Any]]:
    resources = template.get("Resources", {}).values()
    return [r["Properties"] for r in resources if r["Type"] == kind]


def only(template: Template, kind: str) -> dict[str, Any]:
    (found,) = of_type(template, kind)
    return found


def distribution(template: Template) -> dict[str, Any]:
    return dict(only(template, "AWS::CloudFront::Distribution")["DistributionConfig"])


def identified(template: Template, kind: str) -> str:
    (name,) = (name for name, r in template["Resources"].items() if r["Type"] == kind)
    return str(name)


# CloudFront --------------------------------------------------------------------------------------


def test_the_gallerys_files_come_from_the_bucket_and_all_else_from_the_api(
    on_aws: Template,
) -> None:
    told = distribution(on_aws)
    origins = {o["Id"]: "files" if "S3OriginConfig" in o else "api" for o in told["Origins"]}
    paths = [(b["PathPattern"], origins[b["TargetOriginId"]]) for b in told["CacheBehaviors"]]
    assert paths == [("/api/", "files"), ("/api/gallery/*", "files"), ("/api/*", "api")]
    assert told["HttpVersion"] == "http2and3"
    host = only(on_aws, "AWS::CloudFront::Distribution")
    assert ".execute-api." in json.dumps(host)
    ((_, parts),) = on_aws["Outputs"]["ApiUrl"]["Value"].items()
    assert parts[1][1]["Fn::GetAtt"][1] == "DomainName"


def test_files_are_kept_at_the_edge_compressed_and_the_page_is_not(on_aws: Template) -> None:
    page, files, _ = distribution(on_aws)["CacheBehaviors"]
    optimised = cloudfront.CachePolicy.CACHING_OPTIMIZED.cache_policy_id
    assert (files["CachePolicyId"], files["Compress"]) == (optimised, True)
    assert page["CachePolicyId"] == cloudfront.CachePolicy.CACHING_DISABLED.cache_policy_id
    kept = {
        put["DestinationBucketKeyPrefix"]: put["SystemMetadata"]["cache-control"]
        for put in of_type(on_aws, "Custom::CDKBucketDeployment")
    }
    assert kept == {"api/gallery": pages.FILE_CACHING, "api": pages.PAGE_CACHING}


def test_the_api_is_given_tokens_and_every_method_but_not_cloudfronts_host(
    on_aws: Template,
) -> None:
    passed_on = distribution(on_aws)["CacheBehaviors"][-1]
    assert passed_on["CachePolicyId"] == cloudfront.CachePolicy.CACHING_DISABLED.cache_policy_id
    policy = cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER
    assert passed_on["OriginRequestPolicyId"] == policy.origin_request_policy_id
    assert {"GET", "POST", "PATCH", "DELETE", "OPTIONS"} <= set(passed_on["AllowedMethods"])
    assert passed_on["ViewerProtocolPolicy"] == "https-only"


def test_no_error_of_the_api_is_kept_for_others_or_turned_into_a_page(on_aws: Template) -> None:
    told = distribution(on_aws)["CustomErrorResponses"]
    assert told == [{"ErrorCachingMinTTL": 0, "ErrorCode": status} for status in KEPT_ERRORS]
    assert {403, 404, 503} <= {one["ErrorCode"] for one in told}


def test_cloudfront_answers_with_the_headers_that_the_api_answers_with() -> None:
    app = cdk.App()
    stack = cdk.Stack(app, "Stack")
    edge = Edge(cdn=True)
    Cdn(stack, "Cdn", edge, api_host="x.execute-api.example.com", reached=REACHED)
    template = dict(assertions.Template.from_stack(stack).to_json())
    policy = only(template, "AWS::CloudFront::ResponseHeadersPolicy")
    told = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    content = told.pop("ContentSecurityPolicy")["ContentSecurityPolicy"]
    assert told.pop("ContentTypeOptions")["Override"]
    assert {
        "Content-Security-Policy": content,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": told.pop("ReferrerPolicy")["ReferrerPolicy"],
    } == pages.security_headers(REACHED)
    assert told == {}
    page, files, _ = distribution(template)["CacheBehaviors"]
    assert page["ResponseHeadersPolicyId"] == files["ResponseHeadersPolicyId"]


def test_only_the_distribution_may_read_the_gallerys_bucket(on_aws: Template) -> None:
    buckets = {name: r for name, r in on_aws["Resources"].items() if "Gallery" in name}
    (bucket,) = (n for n, r in buckets.items() if r["Type"] == "AWS::S3::Bucket")
    closed = buckets[bucket]["Properties"]["PublicAccessBlockConfiguration"]
    assert set(closed.values()) == {True}
    (policy,) = (r for r in buckets.values() if r["Type"] == "AWS::S3::BucketPolicy")
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = (s for s in statements if s["Effect"] == "Allow")
    assert allowed["Action"] == "s3:GetObject"
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    source = json.dumps(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert identified(on_aws, "AWS::CloudFront::Distribution") in source


def test_the_page_comes_after_the_files_that_it_names(on_aws: Template) -> None:
    put = {
        r["Properties"]["DestinationBucketKeyPrefix"]: (name, r)
        for name, r in on_aws["Resources"].items()
        if r["Type"] == "Custom::CDKBucketDeployment"
    }
    assert put["api/gallery"][0] in put["api"][1]["DependsOn"]


def test_the_files_lie_in_the_folder_that_the_page_names(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    stack = cdk.Stack(app, "Stack")
    Cdn(stack, "Cdn", Edge(cdn=True), api_host="x.example.com", reached=REACHED)
    app.synth()
    (page,) = tmp_path.glob("asset.*/index.html")
    names = re.findall(r'"gallery/([^"]+)"', page.read_text())
    assert len(names) == 3
    for name in names:
        assert list(tmp_path.glob(f"asset.*/{name}")), name
    served = {path.name for path in tmp_path.glob(f"asset.*/{pages.current_release()}/*")}
    assert served == {path.name for path in pages.GALLERY.iterdir()} - {pages.INDEX}


@pytest.mark.parametrize(
    ("uri", "answer"),
    [
        ("/api/", {"uri": "/api/index.html"}),
        ("/api", {"statusCode": 302, "headers": {"location": {"value": "/api/"}}}),
        ("/", {"statusCode": 302, "headers": {"location": {"value": "/api/"}}}),
        ("/favicon.ico", {"statusCode": 404}),
    ],
)
def test_the_page_is_found_under_the_apis_address(uri: str, answer: dict[str, Any]) -> None:
    call = f"console.log(JSON.stringify(handler({{request: {{uri: '{uri}'}}}})))"
    node = shutil.which("node", path=path_with_node())
    assert node
    ran = subprocess.run([node, "-e", PAGE_FUNCTION + call], capture_output=True, check=True)
    assert json.loads(ran.stdout) == answer


def test_two_stacks_of_an_account_share_no_name_in_any_region(on_aws: Template) -> None:
    names = [
        only(on_aws, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"],
        only(on_aws, "AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"],
        only(on_aws, "AWS::CloudFront::Function"),
    ]
    for named in names:
        assert {"Ref": "AWS::Region"} in named["Name"]["Fn::Join"][1]
        assert "ImageRepo" in json.dumps(named["Name"])


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_where_there_is_no_cloudfront_the_api_answers_under_its_own_name(region: str) -> None:
    template = address(region)
    assert not of_type(template, "AWS::CloudFront::Distribution")
    url = template["Outputs"]["Url"]["Value"]["Fn::Join"][1]
    assert url[0] == "https://abc123.execute-api."
    assert {"Ref": "AWS::URLSuffix"} in url


# Names and firewalls -----------------------------------------------------------------------------


def test_a_name_of_ones_own_wants_tls_1_2_and_a_record() -> None:
    template = address(**NAMED)
    told = distribution(template)
    assert told["Aliases"] == ["photos.example.org"]
    assert told["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert told["ViewerCertificate"]["AcmCertificateArn"] == NAMED["certificate"]
    assert template["Outputs"]["Url"]["Value"] == "https://photos.example.org/api"


def test_without_cloudfront_api_gateway_takes_the_name(with_everything: Template) -> None:
    name = only(with_everything, "AWS::ApiGateway::DomainName")
    assert (name["DomainName"], name["SecurityPolicy"]) == ("photos.example.org", "TLS_1_2")
    assert name["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    mapping = only(with_everything, "AWS::ApiGateway::BasePathMapping")
    assert mapping["BasePath"] == "api"
    assert mapping["Stage"] == {"Ref": identified(with_everything, "AWS::ApiGateway::Stage")}
    outputs = with_everything["Outputs"]
    assert outputs["ApiUrl"]["Value"] == "https://photos.example.org/api"
    record = outputs["DnsRecord"]["Value"]["Fn::Join"][1]
    assert record[0] == "photos.example.org CNAME "
    assert record[1]["Fn::GetAtt"][1] == "RegionalDomainName"


def test_there_is_a_firewall_only_where_one_is_asked_for(on_aws: Template) -> None:
    assert not of_type(on_aws, "AWS::WAFv2::WebACLAssociation")
    assert "WebACLId" not in distribution(on_aws)


def test_the_firewall_stands_before_the_stage(with_everything: Template) -> None:
    association = only(with_everything, "AWS::WAFv2::WebACLAssociation")
    parts = association["ResourceArn"]["Fn::Join"][1]
    assert {"Ref": identified(with_everything, "AWS::ApiGateway::Stage")} in parts
    acl = only(with_everything, "AWS::WAFv2::WebACL")
    assert acl["Scope"] == "REGIONAL"
    assert acl["VisibilityConfig"]["SampledRequestsEnabled"] is False


def test_the_firewall_lets_images_to_search_by_and_long_queries_pass(
    with_everything: Template,
) -> None:
    rules = {r["Name"]: r for r in only(with_everything, "AWS::WAFv2::WebACL")["Rules"]}
    common = rules["Common"]["Statement"]["ManagedRuleGroupStatement"]
    assert common["Name"] == "AWSManagedRulesCommonRuleSet"
    counted = {
        o["Name"] for o in common["RuleActionOverrides"] if o["ActionToUse"] == {"Count": {}}
    }
    assert counted == {"SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING"}
    assert rules["Rate"]["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"


def test_behind_cloudfront_the_client_is_limited_and_not_the_edge() -> None:
    acl = only(address(waf="yes"), "AWS::WAFv2::WebACL")
    (rate,) = (r["Statement"]["RateBasedStatement"] for r in acl["Rules"] if r["Name"] == "Rate")
    assert rate["AggregateKeyType"] == "FORWARDED_IP"
    assert rate["ForwardedIPConfig"]["HeaderName"] == "X-Forwarded-For"


def test_a_firewall_that_is_there_already_stands_where_it_can() -> None:
    regional = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/mine/0a1b"
    template = address(waf=regional)
    assert only(template, "AWS::WAFv2::WebACLAssociation")["WebACLArn"] == regional
    assert not of_type(template, "AWS::WAFv2::WebACL")
    of_cloudfront = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/mine/0a1b"
    template = address(waf=of_cloudfront)
    assert distribution(template)["WebACLId"] == of_cloudfront
    assert not of_type(template, "AWS::WAFv2::WebACLAssociation")


# The log -----------------------------------------------------------------------------------------


def test_every_request_is_logged_without_what_was_asked_or_answered(on_aws: Template) -> None:
    setting = only(on_aws, "AWS::ApiGateway::Stage")["AccessLogSetting"]
    line = json.loads(setting["Format"])
    assert line == LINE
    assert {"requestId", "route", "status", "milliseconds", "ip", "userAgent", "owner"} <= set(line)
    variables = {value.removeprefix("$context.") for value in line.values()}
    assert not [v for v in variables if re.search("query|body|header|token|principal", v, re.I)]
    group = on_aws["Resources"][setting["DestinationArn"]["Fn::GetAtt"][0]]
    assert group["Properties"]["RetentionInDays"] == 30


def test_api_gateways_own_log_of_bodies_is_off(on_aws: Template) -> None:
    (settings,) = only(on_aws, "AWS::ApiGateway::Stage")["MethodSettings"]
    assert not {"DataTraceEnabled", "LoggingLevel"} & set(settings)


def test_the_role_that_writes_logs_is_there_before_the_stage_and_stays(on_aws: Template) -> None:
    account = identified(on_aws, "AWS::ApiGateway::Account")
    (group,) = (n for n in on_aws["Resources"] if n.startswith("ApiAccessLogLogs"))
    assert account in on_aws["Resources"][group]["DependsOn"]
    assert group in json.dumps(only(on_aws, "AWS::ApiGateway::Stage"))
    role = only(on_aws, "AWS::ApiGateway::Account")["CloudWatchRoleArn"]["Fn::GetAtt"][0]
    for name in (account, role):
        assert on_aws["Resources"][name]["DeletionPolicy"] == "Retain"


def test_an_account_that_never_had_an_api_has_one_before_it_takes_the_role(
    on_aws: Template,
) -> None:
    account = on_aws["Resources"][identified(on_aws, "AWS::ApiGateway::Account")]
    api = identified(on_aws, "AWS::ApiGateway::RestApi")
    assert account["DependsOn"] == [api]


def test_an_account_that_has_such_a_role_keeps_it(with_everything: Template) -> None:
    assert not of_type(with_everything, "AWS::ApiGateway::Account")
    assert only(with_everything, "AWS::ApiGateway::Stage")["AccessLogSetting"]


# Pages elsewhere ---------------------------------------------------------------------------------


def refusals(template: Template) -> list[dict[str, str]]:
    body = only(template, "AWS::ApiGateway::RestApi")["Body"]
    responses = body["x-amazon-apigateway-gateway-responses"].values()
    return [response["responseParameters"] for response in responses]


def test_one_page_that_may_call_is_named() -> None:
    for response in gateway_responses(["https://app.example.org"]).values():
        headers = response["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == "'https://app.example.org'"


ALLOWING = "gatewayresponse.header.Access-Control-Allow-Origin"


def test_what_api_gateway_refuses_can_be_read_by_pages_that_may_call(
    on_aws: Template, with_everything: Template
) -> None:
    assert {told[ALLOWING] for told in refusals(with_everything)} == {"'*'"}
    assert not [told for told in refusals(on_aws) if ALLOWING in told]


def test_the_functions_and_the_bucket_are_told_the_pages(with_everything: Template) -> None:
    for function in of_type(with_everything, "AWS::Lambda::Function"):
        told = function["Environment"]["Variables"]["IMAGE_REPO_CORS_ORIGINS"]
        assert told == "https://a.example.org,https://b.example.org"
    (rule,) = only(with_everything, "AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    gallery = "https://photos.example.org"
    assert rule["AllowedOrigins"] == [gallery, *told.split(",")]


def test_positions_are_kept_only_where_that_was_said(
    on_aws: Template, with_everything: Template
) -> None:
    for template, kept in ((on_aws, None), (with_everything, "yes")):
        for function in of_type(template, "AWS::Lambda::Function"):
            variables = function["Environment"]["Variables"]
            assert variables.get("IMAGE_REPO_KEEP_POSITION") == kept


def test_the_bucket_takes_files_of_the_gallerys_kind_of_host_by_default() -> None:
    stack = cdk.Stack(cdk.App(), "Stack")
    origins = Edge(cdn=True).upload_origins("eu-central-1", "amazonaws.com")
    OwnStorage(stack, "Storage", bucket_name="name", upload_origins=origins)
    bucket = only(dict(assertions.Template.from_stack(stack).to_json()), "AWS::S3::Bucket")
    (rule,) = bucket["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == ["https://*.cloudfront.net"]


def test_options_needs_no_token(on_aws: Template) -> None:
    paths = only(on_aws, "AWS::ApiGateway::RestApi")["Body"]["paths"]
    assert [path for path, of_path in paths.items() if "options" not in of_path] == []
    assert [p for p, of_path in paths.items() if of_path["options"].get("security")] == []
