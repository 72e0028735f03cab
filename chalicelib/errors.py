"""Every error the repository raises on purpose, and the status the API answers with.

::

    ImageRepoError                      500
    ├── InvalidField                    400
    ├── Forbidden                       403
    ├── NotFound                        404
    ├── RevisionConflict                409
    ├── RevisionMismatch                412
    ├── PayloadTooLarge                 413
    ├── RejectedImage                   422
    ├── KeyReused                       422
    └── Unavailable                     503
        ├── CatalogueUnavailable
        ├── SearchUnavailable
        ├── StorageUnavailable
        ├── EncoderUnavailable
        └── IdentityUnavailable
"""

from typing import ClassVar


class ImageRepoError(Exception):
    """Base of the tree; ``detail`` says what was wrong, for a person to read."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidField(ImageRepoError):
    """A field of a request is missing, unknown or out of its range.

    ``field`` is its path as the client wrote it (``"attributes[0].subject"``).
    """

    status = 400
    title = "Invalid field"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}")
        self.field = field

    def named(self, field: str) -> "InvalidField":
        """Return the same of a field by the name that the client knows it by."""
        return InvalidField(field, self.detail.removeprefix(f"{self.field}: "))


class Forbidden(ImageRepoError):
    """The token is known but lacks the scope the route needs."""

    status = 403
    title = "Not allowed"


class NotFound(ImageRepoError):
    """There is no such thing, or it is not the caller's to see."""

    status = 404
    title = "Not found"


class RevisionConflict(ImageRepoError):
    """The stored record is not at the revision that was read; read again and retry."""

    status = 409
    title = "Changed meanwhile"


class RevisionMismatch(ImageRepoError):
    """``If-Match`` names a revision that is no longer the current one."""

    status = 412
    title = "Revision does not match"


class PayloadTooLarge(ImageRepoError):
    """The body or the image exceeds its limit."""

    status = 413
    title = "Too large"


class RejectedImage(ImageRepoError):
    """The file will never become an image record: trying again cannot help."""

    status = 422
    title = "Image rejected"


class KeyReused(ImageRepoError):
    """An ``Idempotency-Key`` comes with another file than the one it was first sent with."""

    status = 422
    title = "Idempotency key reused"


class Unavailable(ImageRepoError):
    """Something the repository depends on did not answer; trying again may help."""

    status = 503
    title = "Temporarily unavailable"
    retry_after: ClassVar[int] = 5
    """Seconds after which another try is reasonable."""


class CatalogueUnavailable(Unavailable):
    """DynamoDB refused or did not answer."""


class SearchUnavailable(Unavailable):
    """The search index refused or did not answer."""


class StorageUnavailable(Unavailable):
    """S3 refused or did not answer."""


class EncoderUnavailable(Unavailable):
    """The function that turns an image or a text into a vector did not answer."""


class IdentityUnavailable(Unavailable):
    """The identity provider did not answer, or with what it should not."""
