"""Where the search index lives: in the bucket, or on an OpenSearch domain."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from chalicelib.names import DOMAIN, EMBEDDED, OPENSEARCH
from infra.acknowledgements import acknowledge
from infra.choices import Context, chosen, number
from infra.functions import Identity
from infra.opensearch_service import INSTANCES, OPERATIONS_PAGE, QUOTAS_PAGE, VERSIONS

ENGINES = (OPENSEARCH, EMBEDDED)
DEFAULT_ENGINE = OPENSEARCH


class Domain(Construct):
    """An OpenSearch domain, which answers signed requests of this account alone.

    From two nodes on they stand in two zones; ``gigabytes`` are of disk, each.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        version: str,
        instance: str,
        nodes: int,
        gigabytes: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        stack = cdk.Stack.of(self)
        self._arn = stack.format_arn(service="es", resource="domain", resource_name=name)
        zones = opensearch.CfnDomain.ZoneAwarenessConfigProperty(availability_zone_count=2)
        self.domain = opensearch.CfnDomain(
            self,
            "Domain",
            domain_name=name,
            engine_version=f"OpenSearch_{version}",
            access_policies=self._policy(),
            cluster_config=opensearch.CfnDomain.ClusterConfigProperty(
                instance_type=instance,
                instance_count=nodes,
                zone_awareness_enabled=nodes > 1,
                zone_awareness_config=zones if nodes > 1 else None,
            ),
            ebs_options=opensearch.CfnDomain.EBSOptionsProperty(
                ebs_enabled=True, volume_type="gp3", volume_size=gigabytes
            ),
            encryption_at_rest_options=opensearch.CfnDomain.EncryptionAtRestOptionsProperty(
                enabled=True
            ),
            node_to_node_encryption_options=(
                opensearch.CfnDomain.NodeToNodeEncryptionOptionsProperty(enabled=True)
            ),
            domain_endpoint_options=opensearch.CfnDomain.DomainEndpointOptionsProperty(
                enforce_https=True, tls_security_policy="Policy-Min-TLS-1-2-PFS-2023-10"
            ),
            software_update_options=opensearch.CfnDomain.SoftwareUpdateOptionsProperty(
                auto_software_update_enabled=True
            ),
        )
        # Otherwise another version is another domain, which cannot be made beside one of its name:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html
        self.domain.cfn_options.update_policy = cdk.CfnUpdatePolicy(enable_version_upgrade=True)
        # The catalogue makes the index again: nothing in the domain is the only copy.
        self.domain.apply_removal_policy(cdk.RemovalPolicy.DESTROY)
        self.endpoint = self.domain.attr_domain_endpoint
        acknowledge(self.domain, _OBJECTIONS)

    def admit(self, *, reader: Identity, writer: Identity) -> None:
        """Allow each method on the paths that the code calls."""
        self._allow(reader, ("es:ESHttpPost",), f"{DOMAIN}/_msearch")
        self._allow(writer, ("es:ESHttpPost",), f"{DOMAIN}-*/_bulk", f"{DOMAIN}-*/_refresh")
        self._allow(writer, ("es:ESHttpPost",), f"{DOMAIN}-*/_count", f"{DOMAIN}/_search")
        self._allow(writer, ("es:ESHttpPost",), "_aliases")
        self._allow(writer, ("es:ESHttpGet",), f"{DOMAIN}-*/_alias", f"{DOMAIN}-*/_mapping")
        self._allow(writer, ("es:ESHttpPut", "es:ESHttpDelete"), f"{DOMAIN}-*")

    def _allow(self, identity: Identity, actions: tuple[str, ...], *paths: str) -> None:
        identity.allow(actions, *(f"{self._arn}/{path}" for path in paths))
        prefix = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:es:<AWS::Region>"
        acknowledge(
            identity.role,
            {
                f"{prefix}:<AWS::AccountId>:domain/{self._name}/{path}]": "Indexes of the own "
                "domain, which are numbered as they are made anew."
                for path in paths
                if "*" in path
            },
        )

    def _policy(self) -> iam.PolicyDocument:
        """Leave it to the roles' own policies who of this account may do what."""
        statement = iam.PolicyStatement(
            principals=[iam.AccountRootPrincipal()],
            actions=["es:ESHttp*"],
            resources=[f"{self._arn}/*"],
        )
        return iam.PolicyDocument(statements=[statement])


_OBJECTIONS = {
    "AwsSolutions-OS1": "In a VPC every function needs interfaces and a NAT gateway, which costs "
    "more than the domain; it answers signed requests only.",
    "AwsSolutions-OS3": "Lambda's addresses are not known; requests are signed.",
    "AwsSolutions-OS4": "One to three nodes need no master of their own.",
    "AwsSolutions-OS7": "One node by default: the index can be made again from the catalogue. "
    "-c searchNodes=2 stands in two zones.",
} | {
    f"AwsSolutions-OS9[LogExport::{kind}_SLOW_LOGS]": "Slow logs hold queries and captions, which "
    "belong in no log."
    for kind in ("SEARCH", "INDEX")
}


def domain_of(scope: Construct, engine: str, context: Context, name: str = DOMAIN) -> Domain | None:
    """Add the domain that an engine of ``ENGINES`` wants to ``scope``; the embedded wants none.

    ``context`` looks up what the command line says of ``searchVersion``, ``searchInstance``,
    ``searchNodes`` and ``searchGigabytes``; ``ValueError`` is raised where it is something that
    Amazon OpenSearch Service does not offer, or for another engine.
    """
    if engine not in ENGINES:
        raise ValueError(f"-c search={engine}: it can be {', '.join(ENGINES)}")
    if engine == EMBEDDED:
        return None
    instance = chosen(context, "searchInstance", "t3.small.search", INSTANCES, QUOTAS_PAGE)
    limits = INSTANCES[instance]
    return Domain(
        scope,
        "Engine",
        name=name,
        version=chosen(context, "searchVersion", VERSIONS[0], VERSIONS, OPERATIONS_PAGE),
        instance=instance,
        nodes=number(context, "searchNodes", 1, limits.nodes, QUOTAS_PAGE),
        gigabytes=number(context, "searchGigabytes", 10, limits.gigabytes, QUOTAS_PAGE),
    )
