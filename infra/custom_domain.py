"""A name of one's own for API Gateway, where no CloudFront stands before it."""

from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from chalicelib.names import STAGE
from infra.edge import Edge


class CustomDomain(Construct):
    """The API under the edge's name, at the same path as under AWS's.

    Attributes
    ----------
    host
        What a DNS record of the name must lead to.
    """

    def __init__(
        self, scope: Construct, construct_id: str, edge: Edge, *, api_id: str, stage: str
    ) -> None:
        super().__init__(scope, construct_id)
        name = apigateway.CfnDomainName(
            self,
            "Name",
            domain_name=edge.domain,
            regional_certificate_arn=edge.certificate,
            endpoint_configuration=apigateway.CfnDomainName.EndpointConfigurationProperty(
                types=["REGIONAL"]
            ),
            security_policy="TLS_1_2",
        )
        apigateway.CfnBasePathMapping(
            self,
            "Mapping",
            domain_name=name.ref,
            rest_api_id=api_id,
            stage=stage,
            base_path=STAGE,
        )
        self.host = name.attr_regional_domain_name
