"""The one place that reads the environment."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from chalicelib.names import EMBEDDED
from chalicelib.wording import worded

PREFIX = "IMAGE_REPO_"
MEGABYTE = 1_000_000
# A Lambda invocation takes 6 MB ("Lambda quotas" in its developer guide), and an image travels
# in base64, which makes four bytes of three.
MAX_QUERY_IMAGE_BYTES = 4_500_000
# A presigned form uploads with one request, which takes 5 GB (Amazon S3 user guide, "Uploading
# objects").
MAX_UPLOAD_BYTES = 5_000_000_000

# The scopes of who signed in.
SCOPES = r"none|(?:read|write|admin)(?: (?:read|write|admin))*"

Name = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """Names of the deployed resources and the limits, read once at the edge.

    An argument stands before the variable (``IMAGE_REPO_BUCKET`` of ``bucket``), and that before
    the default.

    Attributes
    ----------
    search_endpoint
        Where ``search`` is ``opensearch``: a URL, or the host of a domain.
    oidc_issuer
        OpenID provider whose people may sign in; none where it is empty.
    oidc_audience, oidc_client
        What its tokens are meant for, and the gallery's client; the audience where it is empty.
    oidc_token_origin
        Where the gallery exchanges codes for tokens, if that is not the issuer's origin.
    max_upload_bytes, max_query_image_bytes
        Largest photograph accepted, and largest image of a search request, decoded.
    max_pixels
        Largest photograph in pixels; a decompression bomb is refused by its header. Other than
        JPEGs are decoded whole, and 120 million pixels are the most that they may have.
    keep_position
        Whether a record keeps where its photograph was taken.
    cors_origins
        Origins of pages elsewhere that may call the API, with commas between them.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    bucket: Name
    table: Name
    tokens_table: Name
    counts_table: str = ""
    queue_url: str = ""
    dead_letter_queue_url: str = ""
    encoder_function: str = ""
    indexer_function: str = ""
    reconciler_function: str = ""
    event_bus: str = ""
    search: Literal["embedded", "opensearch"] = EMBEDDED
    search_endpoint: str = ""
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_client: str = ""
    oidc_token_origin: str = ""
    oidc_scope: str = "openid email profile"
    oidc_owner_claim: str = "sub"
    oidc_groups_claim: str = "cognito:groups"
    oidc_signed_in: Annotated[str, Field(pattern=f"^({SCOPES})$")] = "read write"
    max_upload_bytes: Annotated[int, Field(ge=1, le=MAX_UPLOAD_BYTES)] = 100 * MEGABYTE
    max_query_image_bytes: Annotated[int, Field(ge=1, le=MAX_QUERY_IMAGE_BYTES)] = 4 * MEGABYTE
    max_pixels: Annotated[int, Field(ge=1)] = 200_000_000
    keep_position: bool = False
    cors_origins: str = ""

    @classmethod
    def from_environment(cls, **given: Any) -> Self:
        """Read the environment, but for what is ``given``.

        Raises
        ------
        ValueError
            Variables without a default are missing, or are not what they can be; all are named.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            raise ValueError(_message(error)) from None


LIMITS = tuple(field for field in Settings.model_fields if field.startswith("max_"))


def variable(field: str) -> str:
    """Return the environment's name of a setting."""
    return f"{PREFIX}{field}".upper()


def _message(error: ValidationError) -> str:
    missing, wrong = [], []
    for entry in error.errors(include_url=False):
        name = variable(str(entry["loc"][0]))
        if entry["type"] in {"missing", "string_too_short"}:
            missing.append(name)
        else:
            wrong.append(f"{name} is {entry['input']!r}: it {worded(entry)}")
    return "; ".join(([f"environment lacks {', '.join(missing)}"] if missing else []) + wrong)
