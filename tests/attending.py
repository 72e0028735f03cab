"""Where encoders of tests look."""

from collections.abc import Sequence

from chalicelib.encoder import Attention


class LooksEverywhere:
    """Looks at all of a picture for every word."""

    def attention(self, key: str, version_id: str | None, captions: Sequence[str]) -> Attention:
        """Return one cell."""
        told = (tuple((word, (1.0,)) for word in text.split()) for text in captions)
        return Attention(1, 1, tuple(told))
