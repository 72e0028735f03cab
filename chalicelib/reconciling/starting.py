"""Asking the reconciler's function for a pass."""

import json
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable
from chalicelib.reconciling.reconciler import Asked

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class Reconciling(Protocol):
    """Port. Adapter: `LambdaReconciling`."""

    def start(self, asked: Asked) -> None:
        """Begin a pass without waiting, or go on with the one that is under way.

        Raises
        ------
        Unavailable
            The reconciler could not be asked.
        """


class LambdaReconciling:
    """Invokes the reconciler's function, by an event like its schedule's."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def start(self, asked: Asked) -> None:
        """Begin."""
        event = {
            "version": "0",
            "id": asked.id,
            "detail-type": "Reconcile",
            "source": "image-repo",
            "account": "",
            "time": "",
            "region": "",
            "resources": [],
            "detail": {"reconcile": asked.model_dump(mode="json")},
        }
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event)
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the reconciler could not be asked") from error
