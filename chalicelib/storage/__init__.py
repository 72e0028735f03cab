"""The bucket: originals, derivatives and the published index."""

from chalicelib.names import DEFAULT_OWNER, DERIVED, INDEX, UPLOADS
from chalicelib.storage.port import PresignedPost, Storage, StoredObject, object_at, owner_of

__all__ = [
    "DEFAULT_OWNER",
    "DERIVED",
    "INDEX",
    "UPLOADS",
    "PresignedPost",
    "Storage",
    "StoredObject",
    "object_at",
    "owner_of",
]
