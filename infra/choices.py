"""Context values that are one of a few words, or a number within limits."""

from collections.abc import Callable, Collection

Context = Callable[[str], object]


def chosen(
    context: Context, name: str, default: str, known: Collection[str], page: str | None = None
) -> str:
    """Return what ``context`` says of ``name``.

    Raises
    ------
    ValueError
        It is not one of ``known``; ``page`` has the reason.
    """
    text = str(context(name) or default)
    if text not in known:
        raise ValueError(f"-c {name}={text}: it can be {', '.join(known)}{_see(page)}")
    return text


def yes_or_no(context: Context, name: str, *, default: bool) -> bool:
    """Return what ``context`` says of ``name``.

    Raises
    ------
    ValueError
        It is neither ``yes`` nor ``no``.
    """
    return chosen(context, name, "yes" if default else "no", ("yes", "no")) == "yes"


def number(
    context: Context, name: str, default: int, allowed: range, page: str | None = None
) -> int:
    """Return the whole number that ``context`` says of ``name``.

    Raises
    ------
    ValueError
        It is no such number, or not in ``allowed``; ``page`` has the reason.
    """
    text = str(context(name) or default)
    if not text.isdigit() or int(text) not in allowed:
        raise ValueError(
            f"-c {name}={text}: it must be a whole number from {allowed[0]} to {allowed[-1]}"
            f"{_see(page)}"
        )
    return int(text)


def _see(page: str | None) -> str:
    return f"; see {page}" if page else ""
