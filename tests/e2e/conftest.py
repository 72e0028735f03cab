"""A browser on the gallery of the deployed stack."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.deployed import DeployedStack

# A busy machine is no fault of the gallery's: five seconds are too few there.
expect.set_options(timeout=30_000)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


# The shell is the same engine without windows, menus and extensions, which cost more than the page.
CHROMIUMS = ("chromium-headless-shell", "chromium", "google-chrome")


def chromium() -> str | None:
    """Return where a Chromium is, if there is one."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield a headless Chromium."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install it with 'sudo apt install chromium-headless-shell'")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[1440, 390], ids=["wide", "phone"])
def width(request: pytest.FixtureRequest) -> int:
    """Return how wide a desk's window is, and a phone's."""
    return int(request.param)


@pytest.fixture
def complaints() -> list[str]:
    """Return what the browser complains of: errors, policy violations."""
    return []


@pytest.fixture
def page(browser: Browser, stack: DeployedStack, complaints: list[str]) -> Iterator[Page]:
    """Yield the opened gallery; the test fails if the browser complained."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    opened(page, stack, complaints)
    yield page
    page.context.close()
    assert complaints == []


def opened(page: Page, stack: DeployedStack, complaints: list[str]) -> None:
    """Open the gallery as its printed address does."""

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(stack.facts["gallery_url"])
    page.locator("#grid[data-ready]").wait_for(state="attached")


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a few photographs, no other module's content, with captions for some."""
    from PIL import Image
    from skimage import data

    folder = tmp_path_factory.mktemp("photographs")
    for name in ("astronaut", "coffee", "chelsea"):
        Image.fromarray(getattr(data, name)()).save(folder / f"{name}.jpg", comment=folder.name)
    (folder / "descriptions.txt").write_text(
        "astronaut.jpg A woman in an orange suit is smiling\n"
        "chelsea.jpg A ginger cat is looking\n"
        "missing.jpg A photograph that is not there\n"
    )
    return folder
