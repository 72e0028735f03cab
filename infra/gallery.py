"""The gallery's files in a bucket of their own, from which CloudFront serves them."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as deployment
from constructs import Construct

from chalicelib.api import pages
from chalicelib.names import STAGE
from infra.acknowledgements import acknowledge
from infra.bootstrap import qualifier_of
from infra.log_groups import month_of_logs
from infra.packaging import gallery_files


class Gallery(Construct):
    """A private bucket with the page and its files, under the paths that they are served at.

    The CDK's function puts them there while the stack is deployed, the files before the page that
    names them. Those of earlier releases stay for pages that are open, until the stack goes.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        acknowledge(self.bucket, {"AwsSolutions-S1": "It holds nothing that is not public."})
        self._logs = month_of_logs(self)
        self._role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self._logs.grant_write(self._role)
        folder = deployment.Source.asset(str(gallery_files()))
        files = self._put("Files", folder, f"{STAGE}/gallery", pages.FILE_CACHING)
        index = deployment.Source.data(pages.INDEX, pages.page())
        self._put("Page", index, STAGE, pages.PAGE_CACHING).node.add_dependency(files)
        self._acknowledge()

    def _put(
        self, name: str, source: deployment.ISource, prefix: str, caching: str
    ) -> deployment.BucketDeployment:
        return deployment.BucketDeployment(
            self,
            name,
            sources=[source],
            destination_bucket=self.bucket,
            destination_key_prefix=prefix,
            cache_control=[deployment.CacheControl.from_string(caching)],
            prune=False,
            retain_on_delete=False,  # a bucket that is not empty cannot be removed
            role=self._role,
            log_group=self._logs,
        )

    def _acknowledge(self) -> None:
        stack = cdk.Stack.of(self)
        assert isinstance(self.bucket.node.default_child, s3.CfnBucket)
        own = f"<{stack.get_logical_id(self.bucket.node.default_child)}.Arn>"
        named = f"cdk-{qualifier_of(self.node.try_get_context)}-assets"
        assets = f"arn:<AWS::Partition>:s3:::{named}-<AWS::AccountId>-<AWS::Region>"
        actions = ("GetObject", "GetBucket", "List", "DeleteObject", "Abort")
        granted = [f"Action::s3:{action}*" for action in actions]
        granted += [f"Resource::{bucket}/*" for bucket in (own, assets)]
        reason = "The CDK's own grants to its own function, on the gallery's bucket and the assets."
        acknowledge(self._role, {f"AwsSolutions-IAM5[{grant}]": reason for grant in granted})
        runtime = "The CDK's own function, which runs while the stack changes, and its runtime."
        acknowledge(stack.node.find_child(_DEPLOYER), {"AwsSolutions-L1": runtime})


_DEPLOYER = "Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"
