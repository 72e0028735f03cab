"""What people do who run a repository, or only look at it."""

from typing import Any

from chalicelib.access import CACHE_SECONDS
from chalicelib.images import image_id_of
from tests.simulation.plans import OUTAGES, OWNERS, Operation
from tests.simulation.services import BUCKET
from tests.simulation.world import Answer, World

_STALE_SECONDS = 2.0  # of a search: it looks at the index once in a second


class Upkeep:
    """Does operations that change no photograph."""

    _world: World
    tokens: dict[str, str]

    def _key(self, operation: Operation) -> str:
        raise NotImplementedError

    def call(
        self, method: str, path: str, body: Any = None, *, owner: str = "root", **query: Any
    ) -> Answer:
        """Ask the API with an owner's token."""
        return self._world.call(method, path, body, token=self.tokens[owner], **query)

    # Upkeep --------------------------------------------------------------------------------------

    def _reindex(self, operation: Operation) -> None:
        self.call("POST", "/reindex", {"roll_back": False})

    def _roll_back(self, operation: Operation) -> None:
        """Rebuild the index, go back, and every other time change one's mind meanwhile."""
        self.call("POST", "/reindex", {"roll_back": False})
        self._world.scheduler.sleep(60)
        self.call("POST", "/reindex", {"roll_back": True})
        if operation.number % 2:
            self._world.scheduler.sleep(1 + operation.number % 5)
            self.call("POST", "/reindex", {"roll_back": False})

    def _rebuild(self, operation: Operation) -> None:
        self.rebuild(force=operation.number % 4 == 0)

    def rebuild(self, *, force: bool = False) -> None:
        """Have the whole bucket compared with the catalogue."""
        after: dict[str, Any] = {}
        while True:
            answer = self.call("POST", "/rebuild", {"limit": 4, "force": force, **after})
            if answer.status != 202 or not answer.body["cursor"]:
                return
            after = {"after": answer.body["cursor"]}

    def _deploy_bundle(self, operation: Operation) -> None:
        name, _, version = self._world.model.partition("@")
        self._world.model = f"{name}@{int(version) + 1}"
        self._world.captioner.forget_containers()

    def _reconcile(self, operation: Operation) -> None:
        """Let half an hour have passed."""
        self._world.reconcile()

    def _ask_for_a_pass(self, operation: Operation) -> None:
        self.call("POST", "/reconcile", {})

    def _suffer_an_outage(self, operation: Operation) -> None:
        """Let a service answer nobody for minutes, or the index for hours."""
        service, longest = OUTAGES[operation.number % len(OUTAGES)]
        seconds = longest * (1 + operation.number % 5) / 5
        scheduler = self._world.scheduler
        scheduler.outages[service] = scheduler.seconds + seconds
        scheduler.sleep(seconds)

    def _change_tokens(self, operation: Operation) -> None:
        """Make a token, revoke it, and see that it is refused soon."""
        asked = {"owner": operation.owner, "scopes": ["read"]}
        made = self.call("POST", "/tokens", asked)
        if made.status != 201:
            return
        token, token_id = made.body["token"], made.body["id"]
        self._world.call("GET", "/stats", token=token)
        if self.call("DELETE", f"/tokens/{token_id}").status != 204:
            return
        self._world.scheduler.sleep(CACHE_SECONDS + operation.number)
        if self._world.call("GET", "/stats", token=token).status == 200:
            self._world.violate("a revoked token lets somebody in")

    # Looking -------------------------------------------------------------------------------------

    def _look(self, operation: Operation) -> None:
        """Look at what there is: nothing deleted, nothing of another's."""
        began, owner = self._world.scheduler.seconds, operation.owner
        match operation.number % 4:
            case 0:
                self._see(self.call("GET", "/images", owner=owner, limit=100), owner, began)
            case 1:
                text = f"dog {owner}"
                answer = self.call("GET", "/search", owner=owner, limit=100, text=text)
                self._see(answer, owner, began - _STALE_SECONDS)
            case 2:
                image_id = image_id_of(BUCKET, self._key(operation))
                other = next(one for one in OWNERS if one != owner)
                if self.call("GET", f"/images/{image_id}", owner=other).status == 200:
                    self._world.violate("another owner's photograph is shown")
            case _:
                image_id = image_id_of(BUCKET, self._key(operation))
                answer = self.call("GET", f"/images/{image_id}", owner=owner)
                if answer.status == 200 and self._is_gone(image_id, began):
                    self._world.violate("a deleted photograph is shown")

    def _see(self, answer: Answer, owner: str, since: float) -> None:
        if answer.status != 200:
            return
        body = answer.body
        images = body["items"] if "items" in body else [hit["image"] for hit in body["hits"]]
        for image in images:
            if self._is_gone(image["id"], since):
                self._world.violate("a deleted photograph is found")
            if image["owner"] != owner:
                self._world.violate("another owner's photograph is found")

    def _is_gone(self, image_id: str, since: float) -> bool:
        """Tell whether a photograph was deleted, or in the trash, before a moment."""
        gone = (self._world.dead, self._world.trashed)
        return any(found.get(image_id, since + 1) < since for found in gone)
