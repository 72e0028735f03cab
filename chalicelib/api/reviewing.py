"""What helps a person to look through photographs: where the model looked, and what is double."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.access import Caller
from chalicelib.api.answers import (
    AlikeAnswer,
    AttentionAnswer,
    CaptionAttention,
    DuplicatesAnswer,
    WordAttention,
    image_answers,
)
from chalicelib.api.queries import DuplicatesQuery
from chalicelib.api.visibility import visible
from chalicelib.catalogue import Catalogue
from chalicelib.encoder import Encoder
from chalicelib.errors import InvalidField, RejectedImage
from chalicelib.images import DESCRIBED, HUMAN_SOURCES, Image
from chalicelib.search.port import Searching
from chalicelib.storage import Storage


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Answers what a review asks, within what the caller may see."""

    catalogue: Catalogue
    storage: Storage
    index: Searching
    encoder: Encoder

    def attention(self, caller: Caller, image_id: str) -> AttentionAnswer:
        """Tell where the model looks for each word of a caption and its alternatives.

        Raises
        ------
        InvalidField
            The model could not read the photograph's file, or has not yet.
        EncoderUnavailable
            The encoder's function does not answer.
        """
        image = visible(self.catalogue, caller, image_id)
        if image.state not in DESCRIBED:
            raise InvalidField("image_id", f"the photograph is {image.state.value}")
        caption = image.caption
        texts = (caption.text, *caption.alternatives) if caption else ()
        try:
            looked = self.encoder.attention(image.key, image.version_id, texts)
        except RejectedImage as rejected:
            raise InvalidField("image_id", rejected.detail) from rejected
        captions = [
            CaptionAttention(
                text=text,
                words=[WordAttention(word=word, weights=list(weights)) for word, weights in words],
            )
            for text, words in zip(texts, looked.captions, strict=True)
        ]
        return AttentionAnswer(rows=looked.rows, columns=looked.columns, captions=captions)

    def duplicates(self, caller: Caller, asked: DuplicatesQuery) -> DuplicatesAnswer:
        """Tell which photographs look the same, of an owner's: one's own, unless another is named.

        Raises
        ------
        Forbidden
            Another owner's were asked for without ``admin``.
        """
        owner = caller.visible_owner(asked.owner or caller.owner)
        found = self.index.alike(owner, asked.cursor, asked.limit)
        ids = [image_id for group in found.groups for image_id in group]
        records = self.catalogue.get_many(ids, consistent=False)
        groups = []
        for group in found.groups:
            images = [
                records[one]
                for one in group
                if one in records and records[one].is_visible_to(owner)
            ]
            if len(images) > 1:
                groups.append(self._alike(images))
        return DuplicatesAnswer(groups=groups, examined=found.examined, cursor=found.cursor)

    def _alike(self, images: Sequence[Image]) -> AlikeAnswer:
        best = max(images, key=_worth)
        ordered = [best, *(one for one in images if one is not best)]
        contents = {image.sha256 for image in images}
        return AlikeAnswer(
            images=image_answers(ordered, self.storage),
            identical=len(contents) == 1 and None not in contents,
        )


def _worth(image: Image) -> tuple[Any, ...]:
    """Return what makes a photograph the best of those that look the same, as sorts tell it.

    Its pixels, its bytes, whether a person captioned it; of equals the first that was added.
    """
    is_told = image.caption is not None and image.caption.source in HUMAN_SOURCES
    pixels = (image.width or 0) * (image.height or 0)
    return pixels, image.size or 0, is_told, -image.created_at.timestamp()
