"""Settle what the captioner's queue gave up: without it a record would be `pending` for ever.

Five deliveries may pass before any code of the captioner runs: while Lambda throttles it
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html), or while its image
does not start. Whoever settles must not need what failed, so nothing here needs the model.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib import events
from chalicelib.events import ContinueImport, EventKind, Message, ObjectEvent
from chalicelib.folder_captions import is_caption_file
from chalicelib.imports import Imports
from chalicelib.ingest import NEVER_BEGUN, EventRecorder
from chalicelib.queue import DeadLetterQueue, Received

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Take messages off the dead-letter queue: do what needs no model, and record the rest.

    A photograph's record becomes `failed`, from which it can be captioned again: everything that
    its message said is in it. A message that cannot be settled stays.
    """

    queue: DeadLetterQueue
    recorder: EventRecorder
    imports: Imports
    bucket: str

    def settle(self, is_late: Callable[[], bool]) -> int:
        """Settle messages until there are none, or it is late; return how many were settled.

        Raises
        ------
        Unavailable
            The queue did not answer.
        """
        settled = 0
        while not is_late() and (received := self.queue.receive()):
            for message in received:
                if self._is_settled(message, is_late):
                    self.queue.delete(message)
                    settled += 1
        return settled

    def _is_settled(self, received: Received, is_late: Callable[[], bool]) -> bool:
        try:
            for message in events.read(received.body, self.bucket):
                self._settle(message, is_late)
        except Exception:  # the other messages are settled whatever it was
            _logger.exception("dead letter %s stays", received.message_id)
            return False
        return True

    def _settle(self, message: Message, is_late: Callable[[], bool]) -> None:
        match message:
            case ContinueImport():
                self.imports.continue_import(message, is_late)
            case ObjectEvent(key=key) if is_caption_file(key):
                self.imports.descriptions_changed(message, is_late)
            case ObjectEvent(kind=EventKind.REMOVED):
                self.recorder.removed(message)
            case ObjectEvent():
                if self.recorder.has_failed(message):
                    self.recorder.sweep(message)
                else:
                    self.recorder.fail(message, NEVER_BEGUN)
                self.imports.caption(message.key)
