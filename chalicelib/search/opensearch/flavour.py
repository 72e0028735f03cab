"""What the two services that speak OpenSearch can and cannot do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flavour:
    """One service.

    Attributes
    ----------
    aliases
        Whether an index can be known by other names, all changed at once.
    templates
        Whether indexes take their fields from a template.
    vectors
        Whether vectors and ids of one's own choosing go together: without ids a removal could
        not be told from an older write.
    refreshed
        Whether a write can wait until it is searchable.
    sized
        Whether shards and replicas are the client's to choose.
    shards
        How many, where they are.
    """

    aliases: bool = True
    templates: bool = True
    vectors: bool = True
    refreshed: bool = True
    sized: bool = True
    shards: int = 1


DOMAIN = Flavour()
# docs/decisions/507: a collection of type "search".
SERVERLESS = Flavour(aliases=False, templates=False, vectors=False, refreshed=False, sized=False)
