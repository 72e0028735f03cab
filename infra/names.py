"""Names that other rooms rely on: docs/contracts.md."""

STACK = "ImageRepo"
STAGE = "api"
CAPTIONER = "image-repo-captioner"
ENCODER = "image-repo-encoder"
INDEXER = "image-repo-indexer"
HANDLERS = {CAPTIONER: "captioner.handler.ingest", ENCODER: "captioner.handler.encode"}
"""Of the functions of the captioner's image."""
