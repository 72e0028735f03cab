"""Values of the command line's ``-c NAME=VALUE`` that several constructs read alike."""

from collections.abc import Callable


def yes_or_no(context: Callable[[str], object], name: str, *, default: bool) -> bool:
    """Return what ``context`` says of ``name``.

    Raises
    ------
    ValueError
        It is neither ``yes`` nor ``no``.
    """
    said = str(context(name) or ("yes" if default else "no"))
    if said not in {"yes", "no"}:
        raise ValueError(f"-c {name}={said}: it can be yes, no")
    return said == "yes"
