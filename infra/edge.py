"""How the world reaches the API and the gallery, as the command line says.

``-c cdn=no`` leaves CloudFront out, and the API serves the gallery's files; ``-c domain=…`` and
``-c certificate=arn:…`` give an address of one's own; ``-c cors=https://app.example.org,…`` names
pages elsewhere that may call the API; ``-c waf=yes`` or ``-c waf=arn:…`` puts a firewall before
it; ``-c logRole=no`` leaves the account's role for the API's access log as it is.
"""

import re
from dataclasses import dataclass
from typing import Self

import botocore.session
from botocore.exceptions import UnknownRegionError

from infra.choices import Context, yes_or_no

AWS = "aws"
# Where CloudFront looks for its certificates and firewalls:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
# https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
OF_CLOUDFRONT = "us-east-1"
OWN = "yes"
_HOST = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_DOMAIN = re.compile(rf"(?=.*\.){_HOST}")
# What a browser sends as Origin: scheme, host and port, but for the scheme's own port; http is for
# one's own machine.
_ORIGIN = re.compile(
    rf"https://{_HOST}(?!:443$)(?::[1-9]\d*)?"
    r"|http://(?:localhost|127\.0\.0\.1)(?!:80$)(?::[1-9]\d*)?"
)
_CERTIFICATE = re.compile(r"arn:[\w-]+:acm:([\w-]+):\d{12}:certificate/[\w-]+")
_FIREWALL = re.compile(r"arn:[\w-]+:wafv2:([\w-]+):\d{12}:(regional|global)/webacl/[\w-]+/[\w-]+")


@dataclass(frozen=True, slots=True)
class Edge:
    """What stands before the API.

    Attributes
    ----------
    cdn
        Whether CloudFront does, with the gallery's files in a bucket.
    domain, certificate
        A name of one's own and the ARN of its certificate; None for AWS's names.
    origins
        Origins of pages elsewhere that may call the API.
    firewall
        ``OWN`` for the stack's, an ARN for another, None for none.
    log_role
        Whether the stack sets the role by which the account's APIs write logs.
    """

    cdn: bool
    domain: str | None = None
    certificate: str | None = None
    origins: tuple[str, ...] = ()
    firewall: str | None = None
    log_role: bool = True

    @classmethod
    def of(cls, context: Context, region: str) -> Self:
        """Read what the command line says of a deployment to ``region``.

        Raises
        ------
        ValueError
            A value cannot be, or does not fit the region or another value.
        """
        cdn = _cdn(context, region)
        domain, certificate = _own_name(context, OF_CLOUDFRONT if cdn else region)
        firewall = _firewall(context, region, cdn=cdn)
        return cls(
            cdn,
            domain,
            certificate,
            _origins(context),
            firewall,
            yes_or_no(context, "logRole", default=True),
        )

    @property
    def global_firewall(self) -> str | None:
        """The ARN of a firewall that stands before CloudFront."""
        return self.firewall if self.firewall and ":global/" in self.firewall else None

    def upload_origins(self, region: str, url_suffix: str) -> list[str]:
        """Return the origins of pages that send files to the bucket: the gallery's and the named.

        AWS's name of the gallery is not known before the bucket is, and so only its kind is told,
        by the one wildcard that S3 takes in an origin:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
        """
        names = "*.cloudfront.net" if self.cdn else f"*.execute-api.{region}.{url_suffix}"
        return [f"https://{self.domain or names}", *self.origins]


def partition_of(region: str) -> str:
    """Return the partition of a region, such as ``aws``, ``aws-cn`` and ``aws-us-gov``.

    Raises
    ------
    ValueError
        There is no such region.
    """
    try:
        partition: str = botocore.session.get_session().get_partition_for_region(region)
    except UnknownRegionError as unknown:
        raise ValueError(str(unknown)) from None
    return partition


def url_suffix_of(region: str) -> str:
    """Return what hosts of AWS's end with in a region."""
    known = botocore.session.get_session().get_component("data_loader").load_data("partitions")
    suffixes: dict[str, str] = {
        each["id"]: each["outputs"]["dnsSuffix"] for each in known["partitions"]
    }
    return suffixes[partition_of(region)]


def _cdn(context: Context, region: str) -> bool:
    """Tell whether there is a CloudFront, by default wherever it answers under its own name.

    In China it needs a name of one's own with an ICP registration; GovCloud has none inside its
    boundary:
    https://docs.amazonaws.cn/en_us/aws/latest/userguide/cloudfront.html
    https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/setting-up-credentials.html
    """
    has_one = partition_of(region) == AWS
    chosen = yes_or_no(context, "cdn", default=has_one)
    if chosen and not has_one:
        raise ValueError(f"-c cdn=yes: there is no CloudFront for it in {region}; leave it out")
    return chosen


def _own_name(context: Context, region: str) -> tuple[str | None, str | None]:
    domain, certificate = (_text(context, name) for name in ("domain", "certificate"))
    if domain is None and certificate is None:
        return None, None
    if domain is None or not _DOMAIN.fullmatch(domain):
        raise ValueError(f"-c domain={domain}: it must be a name such as photos.example.org")
    found = _CERTIFICATE.fullmatch(certificate or "")
    if not found or found[1] != region:
        wanted = f"the ARN of a certificate of ACM in {region}"
        raise ValueError(f"-c certificate={certificate}: -c domain={domain} needs {wanted}")
    return domain, certificate


def _firewall(context: Context, region: str, *, cdn: bool) -> str | None:
    given = _text(context, "waf")
    if given in (None, "no", OWN):
        return OWN if given == OWN else None
    found = _FIREWALL.fullmatch(str(given))
    allowed = {("regional", region)} | ({("global", OF_CLOUDFRONT)} if cdn else set())
    if not found or (found[2], found[1]) not in allowed:
        wanted = " or ".join(f"{scope} in {where}" for scope, where in sorted(allowed))
        raise ValueError(f"-c waf={given}: it can be yes, no, or the ARN of a web ACL, {wanted}")
    return given


def _origins(context: Context) -> tuple[str, ...]:
    given = _text(context, "cors")
    origins = tuple(given.split(",")) if given else ()
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            wanted = "origins such as https://app.example.org, with commas between them"
            raise ValueError(f"-c cors={given}: {origin!r} is none; it must be {wanted}")
    return origins


def _text(context: Context, name: str) -> str | None:
    given = context(name)
    return None if given is None else str(given)
