"""Names that the functions, the template and the local stack share: docs/contracts.md."""

from typing import Final

# The stack, its API with the stage that API Gateway deploys, and its functions. A stack that is one
# of several has its own stage's name behind these, but for STAGE (``infra.stage``).
STACK = "ImageRepo"
STAGE = "api"
API = "image-repo"
CAPTIONER = "image-repo-captioner"
ENCODER = "image-repo-encoder"
INDEXER = "image-repo-indexer"
RECONCILER = "image-repo-reconciler"
METRICS = "ImageRepo"  # the namespace in CloudWatch
LEFT_OUT = "ChangesLeftOut"  # counts what the index can never take in

# Prefixes of keys in the bucket.
UPLOADS = "uploads/"
DERIVED = "derived/"
INDEX = "index/"
IMPORTS = "imports/"
# How far a recount of the catalogue is.
RECOUNT_PROGRESS = f"{INDEX}recount.json"
# What it found, by the last one.
RECOUNTED = f"{INDEX}recounted.json"
# What the reconciler tells of its newest pass, and what it needs to resume it.
RECONCILING = f"{INDEX}reconcile"
# Whose a photograph is that lies in no owner's folder.
DEFAULT_OWNER = "default"

# Partition keys of the three tables, and the images' indexes with partition and sort key.
IMAGES_KEY = "image_id"
COUNTS_KEY = "counter"
TOKENS_KEY = "token_sha256"
# Each listing, and each content, has a partition of its own, so that nothing is read but what is
# shown; the indexes hold keys alone, so that a write that changes none of them costs nothing there.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
IMAGES_INDEXES: Final[dict[str, tuple[str, str]]] = {
    "by_owner": ("owner", "created_at"),
    "by_state": ("owner_state", "created_at"),
    "by_time": ("listing", "created_at"),
    "by_time_in_state": ("listing_state", "created_at"),
    "by_content": ("owner_content", "created_at"),
}

# Search engines, as ``IMAGE_REPO_SEARCH`` names them.
EMBEDDED: Final = "embedded"
OPENSEARCH: Final = "opensearch"
# The OpenSearch domain; its indexes begin with it, too, whatever the stage.
DOMAIN = "image-repo"
