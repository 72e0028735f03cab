"""A request of every route that the OpenAPI document describes, which is answered."""

import base64
from typing import Any

PICTURE = base64.b64encode(b"picture").decode()
NEW = {"name": "a.jpg", "content_type": "image/jpeg", "size": 1, "caption": "A dog runs"}
REQUESTS: list[tuple[str, str, str, Any]] = [
    ("GET", "/health", "/health", None),
    ("GET", "/openapi.json", "/openapi.json", None),
    ("GET", "/auth", "/auth", None),
    ("POST", "/images", "/images", NEW),
    ("GET", "/images", "/images", None),
    ("GET", "/images/{image_id}", "/images/id-1", None),
    ("PATCH", "/images/{image_id}", "/images/id-1", {"attributes": [{"subject": "dog"}]}),
    ("DELETE", "/images/{image_id}", "/images/id-1", None),
    ("POST", "/images/{image_id}/restore", "/images/trashed/restore", None),
    ("GET", "/trash", "/trash", None),
    ("GET", "/images/{image_id}/similar", "/images/id-1/similar", None),
    ("GET", "/images/{image_id}/attention", "/images/id-1/attention", None),
    ("GET", "/duplicates", "/duplicates?limit=10", None),
    ("GET", "/search", "/search?q=dog&label=dog&facets=colours,labels&explain=true", None),
    ("POST", "/search", "/search", {"attributes": {"not": {"subject": "cat"}}}),
    ("POST", "/search/image", "/search/image", {"image": PICTURE}),
    ("GET", "/suggest", "/suggest?prefix=do", None),
    ("GET", "/stats", "/stats", None),
    ("POST", "/rebuild", "/rebuild", {"limit": 100}),
    ("POST", "/reindex", "/reindex", {"roll_back": True}),
    ("GET", "/reindex", "/reindex", None),
    ("POST", "/reconcile", "/reconcile", {"margin_minutes": 5}),
    ("GET", "/reconcile", "/reconcile", None),
    ("POST", "/recaption", "/recaption", {"ids": ["id-1"]}),
    ("POST", "/imports", "/imports", {"prefix": "uploads/ann/trip/"}),
    ("GET", "/imports/{import_id}", "/imports/IMPORT", None),
    ("POST", "/tokens", "/tokens", {"owner": "ann", "scopes": ["read"], "label": "laptop"}),
    ("GET", "/tokens", "/tokens", None),
    ("DELETE", "/tokens/{token_id}", "/tokens/hash-0", None),
]
