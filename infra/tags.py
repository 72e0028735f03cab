"""Tags of the stack, which CloudFormation puts on everything in it: ``-c tags=team=photos``.

They are the stack's own, which CloudFormation hands on to what takes tags
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html);
the CDK's ``--tags`` would take their place.
"""

import re
from collections.abc import Callable

from chalicelib.names import API
from infra.stage import Stage

# "The standard set of characters available across AWS services that support tags":
# https://docs.aws.amazon.com/personalize/latest/dg/personalize-managing-tags.html
_ALLOWED = "[A-Za-z0-9 _.:/=+@-]"
_KEY, _VALUE = (
    re.compile(rf"(?!aws:){_ALLOWED}{{1,128}}"),
    re.compile(rf"(?!aws:){_ALLOWED}{{0,256}}"),
)


def tags_of(context: Callable[[str], object], stage: Stage) -> dict[str, str]:
    """Return the tags that the command line, or ``cdk.json``, says, and two by which costs divide.

    Raises
    ------
    ValueError
        One is not KEY=VALUE as AWS takes them.
    """
    own = {"Application": API, "Stage": stage.name or "default"}
    given = str(context("tags") or "")
    return own | dict(_tag(entry) for entry in given.split(",") if entry)


def _tag(entry: str) -> tuple[str, str]:
    key, separator, value = entry.strip().partition("=")
    if not (separator and _KEY.fullmatch(key) and _VALUE.fullmatch(value)):
        raise ValueError(
            f"-c tags={entry}: it must be KEY=VALUE, several with commas between them, of letters, "
            "digits, spaces and . : / = + @ - _, neither beginning with aws:"
        )
    return key, value
