"""What can go wrong on this machine, told with what to do about it."""


class LocalError(Exception):
    """A step failed for a reason that a person can mend.

    Parameters
    ----------
    happened
        What happened.
    remedy
        What to do.
    """

    def __init__(self, happened: str, remedy: str) -> None:
        super().__init__(happened)
        self.happened = happened
        self.remedy = remedy
