"""Fixtures of the unit tests."""

from collections.abc import Iterator

import pytest

import app as entry_point
from tests.api import Api


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield the API with adapters in memory."""
    assert entry_point.app.app_name == "image-repo"
    api = Api()
    entry_point.provider.repository = api.repository()
    yield api
    del entry_point.provider.repository
