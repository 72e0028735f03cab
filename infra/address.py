"""Where the API answers, and what stands before it there."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from chalicelib.api.pages import Origins
from chalicelib.names import STAGE
from infra.acknowledgements import acknowledge
from infra.cdn import Cdn
from infra.custom_domain import CustomDomain
from infra.edge import Edge
from infra.firewall import Firewall

# SAM names the stage, and resolves this to it:
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-api.html
STAGE_OF_SAM = "RestAPI.Stage"


class Address(Construct):
    """CloudFront or a name of API Gateway's, and a firewall, as the edge says.

    ``token_origin`` is where who signed in gets tokens, empty where nobody does.

    Attributes
    ----------
    url
        The API's address; the gallery is there, too.
    record
        The DNS record that the edge's name needs; None without one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        edge: Edge,
        *,
        api_id: str,
        bucket: s3.IBucket,
        token_origin: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack, stage = cdk.Stack.of(self), cdk.Fn.ref(STAGE_OF_SAM)
        host = f"{api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        if edge.cdn:
            reached = Origins(f"https://{bucket.bucket_regional_domain_name}", token_origin)
            host = Cdn(self, "Cdn", edge, api_host=host, reached=reached).host
        elif edge.domain:
            host = CustomDomain(self, "Name", edge, api_id=api_id, stage=stage).host
        if edge.firewall and not edge.global_firewall:
            arn = f"arn:{stack.partition}:apigateway:{stack.region}::/restapis/{api_id}"
            Firewall(self, "Firewall", edge, stage_arn=f"{arn}/stages/{stage}")
        acknowledge(self, {"CloudFormation-Validate::F1020": "SAM makes the stage and knows it."})
        self.url = f"https://{edge.domain or host}/{STAGE}"
        self.record = f"{edge.domain} CNAME {host}" if edge.domain else None
