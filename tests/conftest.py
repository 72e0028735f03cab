"""What every kind of test shares."""

import os
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from chalicelib.names import EMBEDDED, METRICS
from local.emulator import Emulator
from local.layout import Layout
from local.processes import any_free
from tests.deployed import DeployedStack
from tests.recording.roles import Roles
from tests.templates import engine_assembly

# As the template gives it to every function.
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", METRICS)
# Of the terminal that started the tests, which two processes of them are told of.
os.environ.pop("COLUMNS", None)
ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"
# What a test promises never depends on how busy the machine is.
settings.register_profile("without-a-clock", deadline=None)
settings.load_profile("without-a-clock")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no skipped test pass in CI, except for want of the shared photographs."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and "data" not in item.keywords:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


class Sharing(LoadScopeScheduling):
    """Keeps in one of the processes that run tests what shares a stack, templates or a file."""

    def _split_scope(self, nodeid: str) -> str:
        return _shared(nodeid.partition("::")[0])


@cache
def _shared(path: str) -> str:
    name = path.rpartition("/")[2]
    if name.startswith("test_infra_"):
        return "the templates"
    if not ("/e2e/" in path or name.startswith("test_stack_")):
        return path
    text = (ROOT / path).read_text(encoding="utf-8")
    starts_its_own = "DeployedStack(" in text
    return "the stack" if "DeployedStack" in text and not starts_its_own else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Say which process runs which test, where there are several ('-n 2')."""
    # As they are collected: what takes minutes begins first, and unit tests fill up the end.
    config.option.loadscopereorder = False
    return Sharing(config, log)


@pytest.fixture(scope="session")
def assembly() -> Path:
    """Return the synthesised cloud assembly, made anew only where something changed."""
    return engine_assembly(EMBEDDED)


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of an emulator of AWS on which nothing is deployed."""
    layout = Layout(tmp_path_factory.mktemp("emulator"))
    layout.make()
    emulator = Emulator(layout, any_free())
    try:
        emulator.start({}, "")
        yield emulator.url
    finally:
        emulator.stop()


@pytest.fixture(scope="session")
def stack(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """Yield the stack, deployed on the emulator for all tests of this run.

    Whatever they make its functions do, their roles must allow.
    """
    deployed = DeployedStack(tmp_path_factory.mktemp("stack"))
    deployed.take_assembly(assembly)
    try:
        deployed.up()
        yield deployed
        roles = Roles(deployed)
        assert roles.denied(roles.asked()) == []
    finally:
        deployed.down()
