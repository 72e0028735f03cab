"""No view of the gallery breaks a rule of axe-core's, light on a desk and dark on a phone.

https://github.com/dequelabs/axe-core/blob/develop/doc/rule-descriptions.md
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from chalicelib.images import Attribute, Caption, Label, Source, State
from chalicelib.transitions import UNSURE
from tests.api import Api
from tests.corpora import START, vector
from tests.e2e.in_memory import gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CAPTION = Caption("a brown dog runs", Source.MODEL, "net@1", 0.36, ("a cat sits", "a wolf"))


def shown(number: int) -> dict[str, Any]:
    doubtful = {"state": State.NEEDS_REVIEW, "reason": UNSURE} if number % 2 else {}
    return {
        "width": 300 + number,
        "height": 200,
        "caption": CAPTION,
        "attributes": (Attribute("dog", ("brown",), ("run",)),),
        "labels": (Label("dog", 0.9), Label("wolf", 0.4)),
        "keywords": ("Rex",),
        "keywords_source": Source.USER,
        "albums": ("Oslo 2024", "Favourites"),
        "visual": vector(1) if number < 2 else vector(*([0] * number), 1),
        "taken_at": START.replace(tzinfo=None) + timedelta(days=number),
        **doubtful,
    }


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with showing({f"p{number}": shown(number) for number in range(6)}) as api:
        api.enter("failed", state=State.FAILED, caption=None, reason="no image", visual=None)
        api.call("DELETE", "/images/p5")
        yield api


def _first(page: Page) -> None:
    page.locator("#grid .tile > button").first.click()
    expect(page.locator("#detail")).to_be_visible()


def _edited(page: Page) -> None:
    _first(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_text("Subjects, colours, actions, places").click()


def _selected(page: Page) -> None:
    page.locator("#grid .tile > button").first.focus()
    page.keyboard.press("x")
    expect(page.get_by_role("toolbar", name="What is selected")).to_be_visible()


def _filed(page: Page) -> None:
    _selected(page)
    page.get_by_role("button", name="Add to an album").click()
    expect(page.locator("#album .chip").first).to_be_visible()


def _described(page: Page) -> None:
    _selected(page)
    page.get_by_role("button", name="Describe").click()


def _fixed(page: Page) -> None:
    page.locator(".review .word").first.wait_for()
    page.keyboard.press("f")


VIEWS: dict[str, tuple[str, Callable[[Page], object]]] = {
    "grid": ("", lambda page: page.locator("#grid .tile > button").first.wait_for()),
    "filters": ("", lambda page: page.get_by_role("button", name="All filters").click()),
    "search": ("&q=dog&why=1", lambda page: page.locator("#grid .why").first.wait_for()),
    "nothing": ("&q=%22qwxz%22", lambda page: page.get_by_text("Nothing found").wait_for()),
    "photograph": ("", _first),
    "editing": ("", _edited),
    "places": ("", lambda page: page.get_by_role("button", name="Places").click()),
    "keys": ("", lambda page: page.keyboard.press("?")),
    "selection": ("", _selected),
    "filing": ("", _filed),
    "describing": ("", _described),
    "album": ("&album=Oslo 2024", lambda page: page.get_by_role("heading").first.wait_for()),
    "albums": ("&view=albums", lambda page: page.locator(".album img").first.wait_for()),
    "review": ("&view=review", lambda page: page.locator(".review .word").first.wait_for()),
    "fixing": ("&view=review", _fixed),
    "duplicates": ("&view=duplicates", lambda page: page.locator(".copy").first.wait_for()),
    "trash": ("&view=trash", lambda page: page.locator("#view .tile").first.wait_for()),
    "sign-in": ("", lambda page: page.locator("#account").click()),
}


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
@pytest.mark.parametrize("view", VIEWS)
def test_no_rule_is_broken(
    browser: Browser, api: Api, width: int, view: str, theme: Literal["light", "dark"]
) -> None:
    address, ready = VIEWS[view]
    with gallery(
        browser, api, width, f"#token=ann{address}", color_scheme=theme, reduced_motion="reduce"
    ) as page:
        ready(page)
        page.wait_for_load_state("networkidle")
        broken = Axe().run(page).response["violations"]
        told = [f"{one['id']}: {node['html'][:200]}" for one in broken for node in one["nodes"]]
        assert told == []
