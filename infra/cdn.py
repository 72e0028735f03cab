"""CloudFront before the API: it serves the gallery's files from a bucket and passes on the rest.

Paths are those of the API's stage: the page under ``/api/``, its files under ``/api/gallery/``.
"""

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from chalicelib.api import pages
from chalicelib.names import STAGE
from infra.acknowledgements import acknowledge
from infra.edge import Edge
from infra.gallery import Gallery

# What CloudFront would keep for ten seconds, whatever the API says of caching and whoever asked:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
KEPT_ERRORS = (400, 403, 404, 405, 414, 500, 501, 502, 503, 504)
# To S3 the page is no folder; whoever leaves out the stage, or the slash, is led to it.
PAGE_FUNCTION = f"""\
function handler(event) {{
  var request = event.request;
  if (request.uri === "/{STAGE}/") {{
    request.uri = "/{STAGE}/{pages.INDEX}";
    return request;
  }}
  if (request.uri === "/" || request.uri === "/{STAGE}") {{
    return {{ statusCode: 302, headers: {{ location: {{ value: "/{STAGE}/" }} }} }};
  }}
  return {{ statusCode: 404 }};
}}
"""
_OBJECTIONS = {
    "AwsSolutions-CFR1": "Whom the repository is for, its tokens say, not a country.",
    "AwsSolutions-CFR2": "A firewall is the deployment's choice (-c waf=…).",
    "AwsSolutions-CFR3": "Its log would hold the texts of searches; the API's own access log tells "
    "who called what.",
    "AwsSolutions-CFR4": "Under a name of one's own TLS 1.2 is asked for; under CloudFront's it "
    "cannot be.",
}


class Cdn(Construct):
    """A distribution before the gallery's files and an API.

    ``reached`` is what the gallery reaches beside it.

    Attributes
    ----------
    host
        Where it answers.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        edge: Edge,
        *,
        api_host: str,
        reached: pages.Origins,
    ) -> None:
        super().__init__(scope, construct_id)
        self._headers = self._security(pages.security_headers(reached))
        self._files = self._origin()
        page = self._page()
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Image Repo",
            default_behavior=page,
            # The first that fits a path counts.
            additional_behaviors={
                f"/{STAGE}/": page,
                f"/{STAGE}/gallery/*": self._served(cloudfront.CachePolicy.CACHING_OPTIMIZED),
                f"/{STAGE}/*": _passed_on(api_host),
            },
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=cdk.Duration.seconds(0))
                for status in KEPT_ERRORS
            ],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            domain_names=[edge.domain] if edge.domain else None,
            certificate=self._certificate(edge),
            # Under CloudFront's own name it is TLS 1.0, whatever is said here:
            # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            web_acl_id=edge.global_firewall,
        )
        acknowledge(distribution, _OBJECTIONS)
        self.host = distribution.distribution_domain_name

    def _origin(self) -> cloudfront.IOrigin:
        access = cloudfront.S3OriginAccessControl(
            self, "Access", origin_access_control_name=self._name()
        )
        return origins.S3BucketOrigin.with_origin_access_control(
            Gallery(self, "Gallery").bucket, origin_access_control=access
        )

    def _name(self) -> str:
        """Return a name that no other stack of the account has, in no region."""
        stack = cdk.Stack.of(self)
        return f"{stack.stack_name}-{stack.region}-gallery"

    def _security(self, headers: dict[str, str]) -> cloudfront.ResponseHeadersPolicy:
        referrer = headers["Referrer-Policy"].replace("-", "_").upper()
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=self._name(),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=headers["Content-Security-Policy"], override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy[referrer], override=True
                ),
            ),
        )

    def _page(self) -> cloudfront.BehaviorOptions:
        function = cloudfront.Function(
            self,
            "Page",
            code=cloudfront.FunctionCode.from_inline(PAGE_FUNCTION),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )
        request = cloudfront.FunctionEventType.VIEWER_REQUEST
        associated = cloudfront.FunctionAssociation(function=function, event_type=request)
        return self._served(cloudfront.CachePolicy.CACHING_DISABLED, associated)

    def _served(
        self, caching: cloudfront.ICachePolicy, *functions: cloudfront.FunctionAssociation
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=self._files,
            cache_policy=caching,
            compress=True,
            function_associations=[*functions],
            response_headers_policy=self._headers,
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        )

    def _certificate(self, edge: Edge) -> acm.ICertificate | None:
        if edge.certificate is None:
            return None
        return acm.Certificate.from_certificate_arn(self, "Certificate", edge.certificate)


def _passed_on(api_host: str) -> cloudfront.BehaviorOptions:
    """Let requests through, with their tokens but not the viewer's host, and keep no answer.

    API Gateway answers under its own host only; it gives up after 29 s, CloudFront after 30:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
    """
    return cloudfront.BehaviorOptions(
        origin=origins.HttpOrigin(
            api_host, protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
        ),
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
    )
