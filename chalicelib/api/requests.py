"""Requests: every field that a client may send, and its range."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    model_validator,
)

from chalicelib.api.described import AttributeList, Request
from chalicelib.api.fields import (
    MAX_NAME_CHARS,
    CaptionText,
    ContentType,
    Cursor,
    Limit,
    Owner,
    Word,
    file_name,
    printable,
)
from chalicelib.images import State


class NewImage(Request):
    """``POST /images``: a file to be uploaded, and what its uploader says of it."""

    name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=MAX_NAME_CHARS),
        AfterValidator(file_name),
    ]
    content_type: ContentType
    size: Annotated[int, Field(ge=1, description="bytes")]
    caption: CaptionText | None = None
    attributes: AttributeList | None = None


class ImageEdit(Request):
    """``PATCH /images/{id}``: what a person may change."""

    caption: CaptionText | None = None
    attributes: AttributeList | None = None

    @model_validator(mode="before")
    @classmethod
    def _something_is_set(cls, value: Any) -> Any:
        if isinstance(value, dict):
            if not value:
                raise ValueError("must hold 'caption' or 'attributes'")
            nulls = [name for name in ("caption", "attributes") if value.get(name, "") is None]
            if nulls:
                raise ValueError(f"'{nulls[0]}' must not be null")
        return value


class Listing(Request):
    """``GET /images``."""

    state: State | None = None
    owner: Owner | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


class RebuildRequest(Request):
    """``POST /rebuild``: one page of the bucket goes through the captioner again."""

    after: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None
    limit: Annotated[int, Field(ge=1, le=1_000)] = 500
    force: bool = False


class ReindexRequest(Request):
    """``POST /reindex``: the index is made anew, or the one before it is taken up again."""

    roll_back: bool = False


class RecaptionRequest(Request):
    """``POST /recaption``: chosen images, or a page of those in one state."""

    ids: Annotated[list[Word], Field(min_length=1, max_length=100)] | None = None
    state: State | None = None
    cursor: Cursor | None = None

    @model_validator(mode="after")
    def _names_what(self) -> Self:
        if (self.ids is None) == (self.state is None):
            raise ValueError("must hold exactly one of 'ids' and 'state'")
        return self


class ImportRequest(Request):
    """``POST /imports``: a prefix under the owner's uploads, with its ``descriptions.txt``."""

    prefix: Annotated[
        str, StringConstraints(min_length=1, max_length=900), AfterValidator(printable)
    ]


class NoParameters(Request):
    """A route that takes none."""
