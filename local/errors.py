"""What can go wrong on this machine, told with what to do about it."""


class LocalError(Exception):
    """A step failed for a reason that a person can mend."""

    def __init__(self, happened: str, remedy: str) -> None:
        super().__init__(happened)
        self.happened = happened
        self.remedy = remedy
