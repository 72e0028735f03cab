"""What a deployment says of what stands before the API, checked before it begins."""

import pytest

from infra.edge import OWN, Edge, url_suffix_of

CERTIFICATE = "arn:aws:acm:{}:123456789012:certificate/0a1b-2c"
FIREWALL = "arn:aws:wafv2:{}:123456789012:{}/webacl/mine/0a1b-2c"
NAMED = {"domain": "photos.example.org", "certificate": CERTIFICATE.format("us-east-1")}


def edge(region: str = "eu-central-1", **context: str) -> Edge:
    return Edge.of(context.get, region)


def test_cloudfront_is_the_default_where_it_answers_under_its_own_name() -> None:
    assert edge() == Edge(cdn=True)
    assert not edge(cdn="no").cdn
    for region in ("cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1"):
        assert not edge(region).cdn


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1"])
def test_cloudfront_is_refused_where_there_is_none(region: str) -> None:
    with pytest.raises(ValueError, match=f"-c cdn=yes: there is no CloudFront for it in {region}"):
        edge(region, cdn="yes")


def test_a_certificate_lies_where_cloudfront_or_api_gateway_looks_for_it() -> None:
    assert edge(**NAMED).certificate == NAMED["certificate"]
    with pytest.raises(ValueError, match=r"-c certificate=.*eu-central-1.*ACM in us-east-1"):
        edge(domain="photos.example.org", certificate=CERTIFICATE.format("eu-central-1"))
    regional = {"domain": "photos.example.org", "cdn": "no"}
    assert edge(certificate=CERTIFICATE.format("eu-central-1"), **regional).domain
    with pytest.raises(ValueError, match=r"-c certificate=.*us-east-1.*ACM in eu-central-1"):
        edge(certificate=CERTIFICATE.format("us-east-1"), **regional)


@pytest.mark.parametrize(
    ("context", "named"),
    [
        ({"cdn": "maybe"}, "-c cdn=maybe: it can be yes, no"),
        ({"logRole": "1"}, "-c logRole=1: it can be yes, no"),
        ({"domain": "photos.example.org"}, "-c certificate=None: -c domain=photos.example.org"),
        ({"certificate": CERTIFICATE.format("us-east-1")}, "-c domain=None"),
        ({**NAMED, "domain": "https://photos.example.org"}, "-c domain=https://photos"),
        ({**NAMED, "domain": "photos"}, "-c domain=photos: it must be a name"),
        ({**NAMED, "certificate": "arn:aws:iam::1:server-certificate/x"}, "-c certificate=arn:aws"),
        ({"waf": "on"}, "-c waf=on: it can be yes, no, or the ARN of a web ACL"),
        ({"waf": FIREWALL.format("eu-west-1", "regional")}, "regional in eu-central-1"),
        ({"waf": FIREWALL.format("us-east-1", "global"), "cdn": "no"}, "regional in eu-central-1"),
        ({"cors": "*"}, r"'\*' is none"),
        ({"cors": "https://app.example.org/"}, "'https://app.example.org/' is none"),
        ({"cors": "https://a.example.org,null"}, "'null' is none"),
        ({"cors": "http://app.example.org"}, "'http://app.example.org' is none"),
        ({"cors": "https://a.example.org:443"}, "'https://a.example.org:443' is none"),
        ({"cors": "http://localhost:80"}, "'http://localhost:80' is none"),
        ({"cors": "https://a.example.org:0443"}, "'https://a.example.org:0443' is none"),
        ({"cors": "https://a.example.org,"}, "'' is none"),
    ],
)
def test_a_value_that_cannot_be_is_named(context: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        edge(**context)


def test_a_region_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="mars-1"):
        edge("mars-1")


def test_a_firewall_is_the_stacks_own_or_stands_where_it_can() -> None:
    assert edge(waf="yes").firewall == OWN
    assert edge(waf="no").firewall is None
    before_cloudfront = edge(waf=FIREWALL.format("us-east-1", "global"))
    assert before_cloudfront.global_firewall == before_cloudfront.firewall
    assert edge(waf=FIREWALL.format("eu-central-1", "regional")).global_firewall is None


def test_pages_elsewhere_are_named_by_their_origins() -> None:
    origins = "https://app.example.org,http://localhost:5173"
    assert edge(cors=origins).origins == ("https://app.example.org", "http://localhost:5173")


@pytest.mark.parametrize(
    ("region", "context", "origins"),
    [
        ("eu-central-1", {}, ["https://*.cloudfront.net"]),
        (
            "eu-central-1",
            {"cdn": "no"},
            ["https://*.execute-api.eu-central-1.amazonaws.com"],
        ),
        ("cn-north-1", {}, ["https://*.execute-api.cn-north-1.amazonaws.com.cn"]),
        (
            "eu-central-1",
            {**NAMED, "cors": "https://app.example.org"},
            ["https://photos.example.org", "https://app.example.org"],
        ),
    ],
)
def test_files_come_from_the_gallerys_pages_and_the_named(
    region: str, context: dict[str, str], origins: list[str]
) -> None:
    found = edge(region, **context).upload_origins(region, url_suffix_of(region))
    assert found == origins
