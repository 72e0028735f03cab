"""GIF: its first picture."""

import io

from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile

from chalicelib.errors import RejectedImage

# Blocks before the first picture are read one by one, in a microsecond each, and may be of
# one byte: a hostile file of 100 MB would take a minute.
MAX_READS = 300_000


def open_gif(data: bytes) -> ImageFile:
    """Open a GIF's first picture.

    Raises
    ------
    RejectedImage
        It has too many blocks.
    """
    return GifImageFile(_Counted(data))


class _Counted(io.BytesIO):
    reads = 0

    def read(self, size: int | None = -1) -> bytes:
        self.reads += 1
        if self.reads > MAX_READS:
            raise RejectedImage("the GIF has too many blocks")
        return super().read(size)
