"""What to do about a check that failed, in words: by the check, and by what was answered."""

from collections.abc import Mapping
from typing import Final

from image_repo.errors import ApiProblem, CommandError, Overdue, Unreachable

OVERDUE: Final = "overdue"
SILENT: Final = "silent"
FAILS: Final = "fails"  # a status of 500 or more
ELSE: Final = "else"

_LOGS = "docs/operations.md, 'Doctor', says where the logs are"
_SCOPE = "use a token with the scopes read and write: 'image-repo token add OWNER'"
_REGION = (
    "the form is signed for another region than the bucket's: deploy in the region where the"
    " bucket is, or adopt one of the deployment's region"
)
_INDEX = (
    "the index has not taken the record in: read the indexer's log, look at the alarms"
    f" MissedByTheIndex and IndexBehind, then 'image-repo reindex'; {_LOGS}"
)
_NO_INDEX = (
    "there is no index yet, or the search engine is down: 'image-repo reindex' makes one; of"
    " OpenSearch, look whether the domain is active"
)
_SEARCH: Final[Mapping[str | int, str]] = {
    OVERDUE: _INDEX,
    503: _NO_INDEX,
    403: _SCOPE,
    ELSE: f"the search fails: read the API function's log; {_LOGS}",
}

# By a bucket's error code, a status or a kind of failure, the first that fits.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
REMEDIES: Final[Mapping[str, Mapping[str | int, str]]] = {
    "reach": {
        SILENT: "compare the address with the stack's output ApiUrl ('make status' tells a local"
        " stack's), and look whether a proxy, a VPN or DNS is in the way",
        FAILS: f"the API's function does not start: read its log; {_LOGS}",
        ELSE: "this address is not the API's: compare it with the stack's output ApiUrl, whose"
        " last part is the stage",
    },
    "version": {
        ELSE: "install the command line of the repository's release: 'pip install .' in a"
        " checkout of it; or deploy this one: 'make deploy'"
    },
    "token": {
        401: "take another: 'image-repo token add OWNER' with an administrator's, or 'python -m"
        " infra.first_token build/outputs.json --another' with the deployment's AWS credentials",
        403: _SCOPE,
        FAILS: "the authorizer or the catalogue does not answer: look whether the tables of the"
        f" stack's outputs Table and TokensTable are there, and read the API's logs; {_LOGS}",
        ELSE: f"read the API function's log; {_LOGS}",
    },
    "enter": {
        403: _SCOPE,
        ELSE: "the catalogue does not take a record: look at the table of the stack's output"
        f" Table, and read the API function's log; {_LOGS}",
    },
    "upload": {
        "NoSuchBucket": "the bucket of the stack's output Bucket is gone: deploy again, or adopt"
        " another (docs/operations.md)",
        "PermanentRedirect": _REGION,
        "TemporaryRedirect": _REGION,
        "AuthorizationHeaderMalformed": _REGION,
        301: _REGION,
        307: _REGION,
        "EntityTooLarge": "the deployment's IMAGE_REPO_MAX_UPLOAD_BYTES is smaller than a test"
        " photograph: raise it",
        "RequestTimeTooSkewed": "a clock is wrong: set this machine's by the network",
        403: "the form was not accepted: the API's role must be let write under uploads/, by no"
        " policy of the bucket or the organisation forbidden, and the form be used within 15"
        " minutes by the function's clock",
        SILENT: "this machine does not reach the bucket's host: let it through proxy and"
        " firewall; a browser needs it, too",
        ELSE: "look at the bucket of the stack's output Bucket, and at its policy",
    },
    "caption": {
        OVERDUE: "if events wait (dashboard, 'Events waiting'), the captioner cannot run: read"
        " its log, and compare its throttles with the account's concurrency ('-c captioners=…');"
        " if none wait, the bucket announces no uploads: 'python -m infra.adopt --bucket …' and"
        " deploy again. A first start takes a minute: --patience 600 waits longer",
        404: "another client deleted it, or events are handled twice: read the captioner's log",
        ELSE: f"read the captioner's log; {_LOGS}",
    },
    "edit": {
        403: _SCOPE,
        ELSE: f"the catalogue does not take a change: read the API function's log; {_LOGS}",
    },
    "browser": {
        SILENT: "the bucket did not answer this time: try again",
        ELSE: "the bucket's CORS rules leave the gallery out: deploy again; of an adopted bucket,"
        " 'python -m infra.adopt --bucket …' first. Where the gallery has another address, name"
        " it: --origin https://…",
    },
    "text search": _SEARCH,
    "attribute search": _SEARCH,
    "image search": {
        **_SEARCH,
        503: f"{_NO_INDEX}; the encoder, which reads the image, may fail as well: read its log",
        FAILS: f"the encoder fails: read its log, and look whether it is throttled; {_LOGS}",
    },
    "delete": {
        ELSE: "delete it by hand: 'image-repo delete ID'; the API's role must be let delete under"
        " uploads/ and derived/"
    },
    "gone": {ELSE: _INDEX},
}


def remedy(check: str, problem: CommandError) -> str:
    """Return what to do where a check of ``REMEDIES`` ended with ``problem``."""
    known = REMEDIES[check]
    return next(known[kind] for kind in _kinds(problem) if kind in known)


def _kinds(problem: CommandError) -> tuple[str | int, ...]:
    if isinstance(problem, Overdue):
        return OVERDUE, ELSE
    if isinstance(problem, Unreachable):
        return SILENT, ELSE
    if not isinstance(problem, ApiProblem):
        return (ELSE,)
    of_bucket = (problem.code,) if problem.code else ()
    failure = (FAILS,) if problem.status >= 500 else ()
    return (*of_bucket, problem.status, *failure, ELSE)
