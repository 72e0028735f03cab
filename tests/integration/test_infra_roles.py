"""Who may do what: the roles of the synthesised templates."""

import json
from typing import Any

import pytest

from chalicelib.names import EMBEDDED, OPENSEARCH, TOKENS_KEY
from tests.templates import engine_assembly, grants, left_open, resources

Template = dict[str, Any]
FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}


@pytest.fixture(scope="module", params=[EMBEDDED, OPENSEARCH])
def template(request: pytest.FixtureRequest) -> Template:
    file = engine_assembly(request.param) / "ImageRepo.template.json"
    return dict(json.loads(file.read_text()))


def role_of(function: Template) -> str:
    return str(function["Role"]["Fn::GetAtt"][0])


def handled_by(template: Template, handler: str) -> dict[str, Template]:
    functions = resources(template, "AWS::Serverless::Function")
    return {name: f for name, f in functions.items() if f["Handler"] == handler}


def tables_of(template: Template, role: str) -> dict[str, set[str]]:
    """Return what a role may do on each table; on its indexes counts, too."""
    found: dict[str, set[str]] = {}
    for grant in grants(template, role):
        for table in resources(template, "AWS::DynamoDB::Table"):
            if table in json.dumps(grant.resource):
                found.setdefault(table, set()).add(grant.action)
    return found


def tokens_of(template: Template) -> str:
    tables = resources(template, "AWS::DynamoDB::Table").items()
    (tokens,) = (n for n, t in tables if t["KeySchema"][0]["AttributeName"] == TOKENS_KEY)
    return tokens


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    functions = [f for kind in FUNCTIONS for f in resources(template, kind).values()]
    roles = [role_of(function) for function in functions]
    every = resources(template, "AWS::IAM::Role").items()
    of_functions = {n for n, role in every if "lambda." in json.dumps(role)}
    assert len(roles) == len(set(roles)) and set(roles) == of_functions


def test_a_function_that_is_traced_is_made_with_a_role_that_may_trace_already(
    template: Template,
) -> None:
    roles = resources(template, "AWS::IAM::Role")
    functions = [f for kind in FUNCTIONS for f in resources(template, kind).values()]
    for traced in (f for f in functions if "Tracing" in f or "TracingConfig" in f):
        assert "xray:PutTraceSegments" in json.dumps(roles[role_of(traced)].get("Policies", []))


def test_the_authorizer_reads_tokens_and_notes_their_use_only(template: Template) -> None:
    (authorizer,) = handled_by(template, "app.token").values()
    role = role_of(authorizer)
    actions = {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert tables_of(template, role) == {tokens_of(template): actions}
    (update,) = (g for g in grants(template, role) if g.action == "dynamodb:UpdateItem")
    attributes = update.conditions["ForAllValues:StringEquals"]["dynamodb:Attributes"]
    assert attributes == ["token_sha256", "last_used_at"]
    services = {grant.action.split(":")[0] for grant in grants(template, role)}
    assert services == {"dynamodb", "logs", "xray"}


def test_tokens_are_made_and_revoked_by_the_function_of_their_routes_only(
    template: Template,
) -> None:
    tokens, paths = tokens_of(template), integrations(template)
    led = {path: named for path, named in paths.items() if path.startswith("/tokens")}
    (writer,) = {name for names in led.values() for name in names}
    assert {path for path, names in paths.items() if writer in names} == set(led)
    for kind in FUNCTIONS:
        for name, function in resources(template, kind).items():
            actions = tables_of(template, role_of(function)).get(tokens, set())
            assert name == writer or "dynamodb:PutItem" not in actions, name
    (routes,) = handled_by(template, "app.app").keys() - {writer}
    api = resources(template, "AWS::Serverless::Function")[routes]
    assert tokens not in tables_of(template, role_of(api))


def integrations(template: Template) -> dict[str, set[str]]:
    """Return the names of the functions that each path leads to."""
    (api,) = resources(template, "AWS::Serverless::Api").values()
    return {
        path: {
            method["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
            .split("${")[-1]
            .split(".")[0]
            for method in methods.values()
            if method["x-amazon-apigateway-integration"]["type"] == "aws_proxy"
        }
        for path, methods in api["DefinitionBody"]["paths"].items()
    }


def test_api_gateway_may_invoke_whatever_a_path_leads_to(template: Template) -> None:
    permitted = json.dumps([p["FunctionName"] for p in permissions(template)])
    for names in integrations(template).values():
        for name in names:
            assert f'"{name}"' in permitted


def permissions(template: Template) -> list[Template]:
    return list(resources(template, "AWS::Lambda::Permission").values())


def test_a_resource_is_left_open_only_where_aws_knows_none(template: Template) -> None:
    assert left_open(template) == []
