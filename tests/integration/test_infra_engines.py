"""Where the search index lives, and who may do what there."""

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import assertions

from infra.app import check
from infra.engines import DEFAULT_ENGINE, ENGINES, Domain, domain_of
from infra.functions import Identity
from infra.opensearch_service import INSTANCES, VERSIONS

Context = Callable[[str], object]


def stack_with(name: str, **context: object) -> tuple[Domain | None, dict[str, Any]]:
    """Return an engine's domain and the template it leads to; cdk-nag objects to nothing in it."""
    app = cdk.App()
    check(app)
    stack = cdk.Stack(app, "Stack")
    domain = domain_of(stack, name, context.get)
    if domain:
        reader, writer = (Identity(stack, who, service=who) for who in ("Reader", "Writer"))
        domain.admit(reader=reader, writer=writer)
    return domain, dict(assertions.Template.from_stack(stack).to_json())


def of_type(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for r in template["Resources"].values() if r["Type"] == kind]


def allowed(template: dict[str, Any], role: str) -> list[dict[str, Any]]:
    policies = of_type(template, "AWS::IAM::Policy")
    return [
        statement
        for policy in policies
        if role in json.dumps(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        if "es:" in json.dumps(statement["Action"])
    ]


def test_opensearch_is_what_is_deployed_unless_told_otherwise() -> None:
    assert DEFAULT_ENGINE == "opensearch"
    assert ENGINES == ("opensearch", "embedded")


def test_an_engine_that_there_is_not_is_refused_with_what_can_be_chosen() -> None:
    with pytest.raises(ValueError, match=r"search=solr.*opensearch, embedded"):
        stack_with("solr")


def test_the_embedded_engine_deploys_nothing() -> None:
    domain, template = stack_with("embedded")
    assert domain is None
    assert "Resources" not in template


@pytest.fixture(scope="module")
def domain() -> dict[str, Any]:
    created, template = stack_with("opensearch")
    assert created and created.endpoint
    return template


def test_a_domain_is_encrypted_and_speaks_tls_only(domain: dict[str, Any]) -> None:
    (properties,) = of_type(domain, "AWS::OpenSearchService::Domain")
    assert properties["EncryptionAtRestOptions"] == {"Enabled": True}
    assert properties["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert properties["DomainEndpointOptions"]["EnforceHTTPS"] is True
    assert properties["DomainEndpointOptions"]["TLSSecurityPolicy"].startswith("Policy-Min-TLS-1-2")


def test_a_domain_answers_its_own_account_only(domain: dict[str, Any]) -> None:
    (properties,) = of_type(domain, "AWS::OpenSearchService::Domain")
    (statement,) = properties["AccessPolicies"]["Statement"]
    assert "root" in json.dumps(statement["Principal"]["AWS"])


def test_the_api_may_search_and_nothing_else(domain: dict[str, Any]) -> None:
    (statement,) = allowed(domain, "Reader")
    assert statement["Action"] == "es:ESHttpPost"
    assert json.dumps(statement["Resource"]).endswith(':domain/image-repo/image-repo/_msearch"]]}')


def test_the_indexer_may_write_to_the_repositorys_own_indexes_only(domain: dict[str, Any]) -> None:
    for statement in allowed(domain, "Writer"):
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            path = json.dumps(resource).split(":domain/image-repo/")[1]
            assert path.startswith(("image-repo-*", "image-repo/_search", "_aliases"))


def test_more_nodes_stand_in_two_zones() -> None:
    _, template = stack_with("opensearch", searchNodes="2", searchInstance="r7g.large.search")
    (properties,) = of_type(template, "AWS::OpenSearchService::Domain")
    cluster = properties["ClusterConfig"]
    assert (cluster["InstanceCount"], cluster["InstanceType"]) == (2, "r7g.large.search")
    assert cluster["ZoneAwarenessConfig"] == {"AvailabilityZoneCount": 2}


@pytest.mark.fault(38, by="the template")
def test_the_domain_is_one_that_the_service_offers(domain: dict[str, Any]) -> None:
    (properties,) = of_type(domain, "AWS::OpenSearchService::Domain")
    cluster, disk = properties["ClusterConfig"], properties["EBSOptions"]
    limits = INSTANCES[cluster["InstanceType"]]
    assert properties["EngineVersion"].removeprefix("OpenSearch_") in VERSIONS
    assert cluster["InstanceCount"] in limits.nodes
    assert disk["VolumeType"] == "gp3" and disk["VolumeSize"] in limits.gigabytes


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("searchNodes", "0"),
        ("searchNodes", "two"),
        ("searchNodes", "11"),
        ("searchGigabytes", "9"),
        ("searchGigabytes", "101"),
        ("searchInstance", "t3.smal.search"),
        ("searchInstance", "m4.large.search"),  # has no gp3 volumes
        ("searchInstance", "r6gd.large.search"),  # has no volumes at all
        ("searchVersion", "2.11"),  # searches no radius
    ],
)
@pytest.mark.fault(38, by="the template")
def test_what_the_service_does_not_offer_is_refused_by_name(name: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=rf"^-c {name}={wrong}: it .*docs\.aws\.amazon\.com"):
        stack_with("opensearch", **{name: wrong})


def test_another_version_of_the_engine_is_deployed() -> None:
    _, template = stack_with("opensearch", searchVersion="2.17")
    (properties,) = of_type(template, "AWS::OpenSearchService::Domain")
    assert properties["EngineVersion"] == "OpenSearch_2.17"


def test_a_newer_version_takes_its_place_without_another_domain() -> None:
    old, new = (stack_with("opensearch", searchVersion=version)[1] for version in VERSIONS[::-1])
    for template in (old, new):
        (domain,) = (
            r for r in template["Resources"].values() if r["Type"].endswith("Service::Domain")
        )
        assert domain["UpdatePolicy"] == {"EnableVersionUpgrade": True}
        domain["Properties"].pop("EngineVersion")
    assert old == new  # so that nothing but the version changes
