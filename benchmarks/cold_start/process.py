"""One new process: ``python -m benchmarks.cold_start.process ENGINE FILE-OR-URL``.

Prints milliseconds of the processor and of the clock, step by step. Imports stand in functions, so
that the first step's are the API function's own.
"""

import json
import pickle
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chalicelib.search.port import Searching

QUESTIONS = (
    {"q": "brown dog running on the beach"},
    {"q": "man on a street", "facets": "subjects,colours"},
)


def main(arguments: Sequence[str]) -> None:
    """Import the function, connect it, and ask its service twice."""
    taken: dict[str, tuple[float, float]] = {}

    def step(name: str, call: Callable[..., Any], *values: object) -> Any:
        own, clock = time.process_time(), time.perf_counter()
        answer = call(*values)
        own, clock = time.process_time() - own, time.perf_counter() - clock
        taken[name] = own * 1_000, clock * 1_000
        return answer

    step("import", __import__, "app")
    step("connect", sys.modules["app"].repository)  # the deployed adapters
    ask = _service(_index(*arguments))
    for name, question in zip(("first answer", "second answer"), QUESTIONS, strict=True):
        assert step(name, ask, question) > 0
    print(json.dumps(taken))


def _index(engine: str, where: str) -> "Searching":
    if engine == "embedded":
        from chalicelib.search.replicated import PublishedIndex  # noqa: PLC0415

        return PublishedIndex(pickle.loads(Path(where).read_bytes()))
    from chalicelib.search import opensearch  # noqa: PLC0415

    client = opensearch.RetryingClient(opensearch.connect(where, 20))
    return opensearch.OpenSearchIndex(client, prefix="cold-start")


def _service(index: "Searching") -> Callable[[dict[str, str]], int]:
    """Return what answers a request's parameters with the number of matches."""
    from benchmarks.search.corpus import OWNER  # noqa: PLC0415
    from captioner.vision import words  # noqa: PLC0415
    from chalicelib.access import Caller, Scope  # noqa: PLC0415
    from chalicelib.api.queries import SearchParameters  # noqa: PLC0415
    from chalicelib.api.searching import SearchService  # noqa: PLC0415
    from chalicelib.encoder import QueryEncoder  # noqa: PLC0415
    from tests.memory.catalogue import MemoryCatalogue  # noqa: PLC0415
    from tests.memory.storage import MemoryStorage  # noqa: PLC0415

    images: Any = None  # is asked for images only
    encoder = QueryEncoder(words.load, images, "")
    service = SearchService(MemoryCatalogue(), MemoryStorage(), index, encoder, 0)
    caller = Caller(OWNER, frozenset({Scope.READ}))

    def asked(parameters: dict[str, str]) -> int:
        document = SearchParameters.model_validate(parameters).document()
        return service.search(caller, document).total

    return asked


if __name__ == "__main__":
    main(sys.argv[1:])
