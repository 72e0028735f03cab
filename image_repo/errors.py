"""What can go wrong for someone at the command line.

::

    CommandError          exit code 2  wrong usage
    ├── ApiProblem        exit code 1  the API refused; 3 where it is unavailable
    ├── Overdue           exit code 1  what was waited for did not come
    └── Unreachable       exit code 3  the API did not answer
"""

import re

USAGE = 2
FAILED = 1
UNAVAILABLE = 3


class CommandError(Exception):
    """Base: a message that says what was wrong and what to do."""

    exit_code = USAGE


class ApiProblem(CommandError):
    """A problem document of the API, or the bucket's refusal.

    Attributes
    ----------
    status
        Of HTTP.
    field
        That was wrong, if one was.
    code
        The bucket's, as "EntityTooLarge".
    """

    def __init__(
        self, status: int, detail: str, field: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.field = field
        self.code = code
        self.exit_code = UNAVAILABLE if status == 503 else FAILED


class Overdue(CommandError):
    """What was waited for did not come in time."""

    exit_code = FAILED


class Unreachable(CommandError):
    """Nothing answers at the address."""

    exit_code = UNAVAILABLE


def in_words(error: Exception) -> str:
    """Return what the system or the network says, without the number of the error."""
    if isinstance(error, OSError) and error.strerror:
        named = f"{error.filename}: " if error.filename else ""
        return f"{named}{error.strerror}"
    return re.sub(r"\[Errno -?\d+\] ", "", str(error))
