"""Items of tables and messages of queues, on disk as soon as they are written."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Stores = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a store, by its key; without a value it is gone."""

    kind: str
    store: str
    key: str
    value: str | None


class Journal:
    """What a killed emulator would forget, in one SQLite file.

    A write that was committed survives SIGKILL; the last ones before a power loss may be lost, and
    nothing is torn by it: https://www.sqlite.org/pragma.html#pragma_synchronous

    Parameters
    ----------
    path
        The file; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def take_up(self, kind: str, saved: Stores) -> dict[str, dict[str, Any]]:
        """Return every store of a kind as it was written; the first time, what is saved elsewhere.

        Parameters
        ----------
        kind
            Of the stores: a name that SQLite takes for a table.
        saved
            Store to key to value, as JSON has them.
        """
        with self._connection:
            self._connection.execute("BEGIN")
            if not self._knows(kind):
                self._connection.execute(
                    f"CREATE TABLE {kind} (store TEXT, key TEXT, value TEXT, UNIQUE (store, key))"
                )
                self._apply(
                    Change(kind, store, key, json.dumps(value))
                    for store, entries in saved.items()
                    for key, value in entries.items()
                )
        return self._stores(kind)

    def write(self, changes: Iterable[Change]) -> None:
        """Write all of the changes or none."""
        with self._connection:
            self._connection.execute("BEGIN")
            self._apply(changes)

    def forget(self, kind: str, store: str) -> None:
        """Remove a store with all that it held."""
        self._connection.execute(f"DELETE FROM {kind} WHERE store = ?", (store,))  # noqa: S608  # nosec B608

    def _knows(self, kind: str) -> bool:
        known = "SELECT 1 FROM sqlite_master WHERE name = ?"
        return self._connection.execute(known, (kind,)).fetchone() is not None

    def _apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            entry = (change.store, change.key)
            if change.value is None:
                statement = f"DELETE FROM {change.kind} WHERE store = ? AND key = ?"  # noqa: S608  # nosec B608
                self._connection.execute(statement, entry)
            else:
                statement = (
                    f"INSERT INTO {change.kind} VALUES (?, ?, ?) "  # noqa: S608  # nosec B608
                    "ON CONFLICT DO UPDATE SET value = excluded.value"
                )
                self._connection.execute(statement, (*entry, change.value))

    def _stores(self, kind: str) -> dict[str, dict[str, Any]]:
        stores: dict[str, dict[str, Any]] = {}
        rows = self._connection.execute(f"SELECT * FROM {kind} ORDER BY rowid")  # noqa: S608  # nosec B608
        for store, key, value in rows:
            stores.setdefault(store, {})[key] = json.loads(value)
        return stores
