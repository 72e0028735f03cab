"""What a sentence says of one thing, while it is being read."""

from dataclasses import dataclass, field

from chalicelib.attributes import lexicon as lex
from chalicelib.attributes.phrases import NounPhrase
from chalicelib.images import Attribute, Garment


@dataclass(slots=True, eq=False)
class Subject:
    """A thing the sentence speaks of."""

    phrase: NounPhrase
    first: bool
    colours: dict[str, None] = field(default_factory=dict)
    actions: dict[str, None] = field(default_factory=dict)
    garments: dict[str, dict[str, None]] = field(default_factory=dict)
    places: dict[str, None] = field(default_factory=dict)

    def wear(self, phrase: NounPhrase) -> None:
        """Take the colours of what this subject has on, or of its hair."""
        colours = dict.fromkeys(phrase.colours)
        self.colours.update(colours)
        if colours and phrase.head in lex.NAMED_GARMENTS:
            self.garments.setdefault(phrase.head, {}).update(colours)

    @property
    def told(self) -> bool:
        """Scenery ("on the beach") is told of only where something is said about it."""
        said = self.colours or self.actions or self.places
        return self.first or self.phrase.moves or bool(said)

    def attribute(self) -> Attribute:
        """Return what was said, in the words of the record."""
        garments = (Garment(name, tuple(colours)) for name, colours in self.garments.items())
        return Attribute(
            str(self.phrase.head),
            tuple(self.colours),
            tuple(self.actions),
            tuple(garments),
            tuple(self.places),
        )
