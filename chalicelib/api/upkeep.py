"""What an operator has done: rebuilding, captioning again, importing."""

from dataclasses import dataclass

from chalicelib.access import Caller, Scope
from chalicelib.api.answers import ImportAnswer, RebuildAnswer
from chalicelib.api.requests import ImportRequest, RebuildRequest, RecaptionRequest
from chalicelib.errors import InvalidField
from chalicelib.images import State
from chalicelib.imports import Imports
from chalicelib.rebuild import Rebuild
from chalicelib.reindexing import Reindexing


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Hands work over to the captioner and the indexer, within what the caller may do."""

    rebuilding: Rebuild
    reindexing: Reindexing
    imports: Imports

    def rebuild(self, caller: Caller, asked: RebuildRequest) -> RebuildAnswer:
        """Send the next page of the bucket through the captioner again."""
        caller.require(Scope.ADMIN)
        page = self.rebuilding.page(None, asked.after, asked.limit, force=asked.force)
        return RebuildAnswer.model_validate(page)

    def reindex(self, caller: Caller) -> None:
        """Have the search index made anew from the catalogue."""
        caller.require(Scope.ADMIN)
        self.reindexing.start()

    def recaption(self, caller: Caller, asked: RecaptionRequest) -> RebuildAnswer:
        """Have chosen photographs, or a page of those in a state, captioned again."""
        caller.require(Scope.WRITE)
        owner = caller.horizon(None)
        if asked.state is None:
            queued = self.rebuilding.recaption(owner, asked.ids or ())
            return RebuildAnswer(examined=queued, queued=queued, skipped=0, cursor=None)
        if asked.state is State.DELETED:
            raise InvalidField("state", "deleted photographs cannot be captioned")
        page = self.rebuilding.recaption_page(owner, asked.state, asked.cursor)
        return RebuildAnswer.model_validate(page)

    def start_import(self, caller: Caller, asked: ImportRequest) -> ImportAnswer:
        """Begin to import a folder's descriptions."""
        caller.require(Scope.WRITE)
        import_id = self.imports.start(caller.horizon(None), asked.prefix)
        return self._import(caller, import_id)

    def show_import(self, caller: Caller, import_id: str) -> ImportAnswer:
        """Return how an import stands."""
        caller.require(Scope.READ)
        return self._import(caller, import_id)

    def _import(self, caller: Caller, import_id: str) -> ImportAnswer:
        report = self.imports.report(caller.horizon(None), import_id)
        return ImportAnswer.model_validate(report)
