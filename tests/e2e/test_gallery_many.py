"""Many photographs: only those near the window are in the page, and all can be reached."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from chalicelib.images import Caption, Label, Source
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import expect_to_become, gallery, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
MANY, FEW, MOST_IN_THE_PAGE = 600, 250, 150
ADDED = datetime(2024, 1, 1, tzinfo=UTC)
SHAPES = ((300, 200), (200, 300), (240, 240), (320, 180), (400, 100))
TEXTS = ("a dog", "a brown dog runs along the beach after a ball that somebody has thrown for it")
# A wheel's turn scrolls on for a moment.
STILL = """() => new Promise((still) => {
  let last = -1;
  const look = () => (scrollY === last ? still() : ((last = scrollY), setTimeout(look, 300)));
  look();
})"""


def record(number: int) -> dict[str, Any]:
    """Return what is known of a photograph, of which one is added a day."""
    width, height = SHAPES[number % len(SHAPES)]
    return {
        "width": width,
        "height": height,
        "placeholder": "#336699",
        "caption": Caption(f"{TEXTS[number % 2]} {number}", Source.USER),
        "labels": tuple(
            Label(word, 0.9) for word in ("dog", "frisbee", "sports ball")[: number % 4]
        ),
        "created_at": ADDED + timedelta(days=number),
    }


# How many there are, so many that they are shown in months or fewer, and how wide the window is.
WIDE, PHONE, PAGES = (MANY, 1440), (MANY, 390), (FEW, 1440)
in_months = pytest.mark.parametrize("shown", [WIDE, PHONE], indirect=True)
in_pages = pytest.mark.parametrize("shown", [PAGES], indirect=True)


@pytest.fixture(params=[WIDE, PHONE, PAGES])
def shown(request: pytest.FixtureRequest) -> tuple[int, int]:
    """Return a count and a width."""
    count, width = request.param
    return count, width


@pytest.fixture
def width(shown: tuple[int, int]) -> int:
    """Return how wide the window is."""
    return shown[1]


@pytest.fixture
def api(shown: tuple[int, int]) -> Iterator[Api]:
    """Yield an API over so many photographs."""
    with showing({f"p{number}": record(number) for number in range(shown[0])}) as api:
        yield api


def tile(page: Page, name: str) -> Locator:
    return page.locator(f'#grid .tile[data-id="{name}"]')


def newest(api: Api) -> str:
    return f"p{len(list(api.catalogue.scan())) - 1}"


def settled(page: Page) -> None:
    """Wait until all that is near the window is there."""
    expect(page.locator("#grid[aria-busy]")).to_have_count(0)
    expect(page.locator("#grid .tile[data-id]").first).to_be_attached()
    in_sight = """() => ![...document.querySelectorAll('#grid > .gap')].some((gap) => {
      const box = gap.getBoundingClientRect();
      return box.bottom > 0 && box.top < innerHeight;
    })"""
    page.wait_for_function(in_sight)


def to_the_end(page: Page) -> None:
    """Scroll to the end until there is no more."""
    while not tile(page, "p0").count():
        tall = page.evaluate("document.body.scrollHeight")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        settled(page)
        page.wait_for_function(
            """tall => document.querySelector('#more').hidden
              || document.body.scrollHeight > tall""",
            arg=tall,
        )


# Of each tile the corners of its box, and the lower end of what stands in it.
EXTENTS = """() => [...document.querySelectorAll('#grid .tile')].map((tile) => {
  const box = tile.getBoundingClientRect();
  const inside = [...tile.querySelectorAll('span')].map((one) => one.getBoundingClientRect());
  const ends = inside.filter(({ height }) => height > 1).map(({ bottom }) => bottom);
  return [tile.dataset.id, box.left, box.right, box.top, Math.max(...ends)];
})"""


def overlaps(page: Page) -> list[tuple[str, str]]:
    """Return the pairs of tiles that lie over each other, texts and all."""
    return [
        (one[0], other[0])
        for one, other in combinations(page.evaluate(EXTENTS), 2)
        if one[1] < other[2] - 1
        and other[1] < one[2] - 1
        and one[3] < other[4] - 1
        and other[3] < one[4] - 1
    ]


def rightmost(page: Page) -> float:
    """Return where the widest row ends."""
    return float(max(right for _, _, right, _, _ in page.evaluate(EXTENTS)))


def test_the_page_holds_few_tiles_however_far_it_is_scrolled(page: Page) -> None:
    settled(page)
    most = 0
    for _ in range(12):
        most = max(most, page.locator("#grid .tile").count())
        page.mouse.move(200, 500)
        page.mouse.wheel(0, 2_500)
        settled(page)
    assert 0 < most < MOST_IN_THE_PAGE
    to_the_end(page)
    expect(tile(page, "p0")).to_be_visible()
    assert page.locator("#grid .tile").count() < MOST_IN_THE_PAGE


def test_no_tile_lies_over_another(page: Page) -> None:
    for _ in range(4):
        settled(page)
        assert overlaps(page) == []
        page.mouse.move(200, 500)
        page.mouse.wheel(0, 1_700)


def test_every_tile_says_which_of_how_many_it_is(page: Page, api: Api) -> None:
    to_the_end(page)
    many = str(len(list(api.catalogue.scan())))
    expect(tile(page, "p0")).to_have_attribute("aria-setsize", many)
    expect(tile(page, "p0")).to_have_attribute("aria-posinset", many)
    order = "[...document.querySelectorAll('#grid .tile')].map((one) => +one.ariaPosInSet)"
    places = page.evaluate(order)
    assert places == sorted(places)


@in_pages
def test_arrows_lead_to_the_last_photograph(page: Page) -> None:
    settled(page)
    page.locator("#grid .tile > button").first.focus()
    for _ in range(400):
        page.keyboard.press("ArrowDown")
        page.locator("#grid .tile > button:focus").wait_for(state="attached")
        if page.evaluate("+document.activeElement.parentElement.ariaPosInSet") > FEW - 8:
            break
        expect(page.locator("#grid[aria-busy]")).to_have_count(0)
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(tile(page, "p0").get_by_role("button")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(tile(page, "p0").get_by_role("button")).not_to_be_focused()
    expect(page.locator("#grid .tile > button:focus")).to_be_in_viewport()


def test_the_focus_stays_with_what_is_scrolled_out_of_the_window(page: Page, api: Api) -> None:
    first = tile(page, newest(api))
    first.get_by_role("button").focus()
    page.mouse.move(200, 500)
    for _ in range(4):
        page.mouse.wheel(0, 3_000)
        settled(page)
    expect(first.get_by_role("button")).to_be_focused()
    page.evaluate(STILL)
    page.keyboard.press("ArrowRight")
    second = f"p{len(list(api.catalogue.scan())) - 2}"
    expect(tile(page, second).get_by_role("button")).to_be_focused()
    expect(tile(page, second)).to_be_in_viewport()


def test_back_from_a_search_returns_to_the_place(page: Page) -> None:
    settled(page)
    page.mouse.move(200, 500)
    for _ in range(3):
        page.mouse.wheel(0, 3_000)
        settled(page)
    page.wait_for_function("() => history.state?.y === scrollY && history.state.at")
    at = page.evaluate("history.state.at.key")
    before = tile(page, at).bounding_box()
    page.locator("#query").fill("frisbee")
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text("frisbee")
    page.go_back()
    expect(page.locator("#heading")).to_contain_text("Newest")
    expect(tile(page, at)).to_be_in_viewport()
    settled(page)
    after = tile(page, at).bounding_box()
    assert before and after and after["y"] == pytest.approx(before["y"], abs=2)


def test_a_deleted_photograph_leaves_no_gap_and_comes_back(page: Page, api: Api) -> None:
    first, second = newest(api), f"p{len(list(api.catalogue.scan())) - 2}"
    settled(page)
    place = tile(page, first).bounding_box()
    tile(page, first).get_by_role("button").focus()
    page.keyboard.press("Delete")
    expect(tile(page, first)).to_have_count(0)
    expect(tile(page, second).get_by_role("button")).to_be_focused()
    closed = tile(page, second).bounding_box()
    assert place and closed and (closed["x"], closed["y"]) == (place["x"], place["y"])
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(tile(page, first).get_by_role("button")).to_be_focused()
    assert tile(page, first).bounding_box() == place


def test_another_width_lays_out_anew_and_stays_at_the_place(page: Page) -> None:
    settled(page)
    page.mouse.move(200, 500)
    page.mouse.wheel(0, 4_000)
    settled(page)
    page.wait_for_function("() => history.state?.y === scrollY && history.state.at")
    at = page.evaluate("history.state.at.key")
    page.set_viewport_size({"width": 900, "height": 800})
    edge = page.evaluate("document.querySelector('#grid').getBoundingClientRect().right")
    expect_to_become(page, lambda: rightmost(page), pytest.approx(edge, abs=2))
    expect(tile(page, at)).to_be_in_viewport()
    assert overlaps(page) == []


def test_until_a_picture_is_there_its_colour_is_shown(
    browser: Browser, api: Api, width: int
) -> None:
    with gallery(browser, api, width, "") as page:

        def hold_back(route: Route) -> None:
            route.abort()

        page.route("**/files/**", hold_back)
        page.get_by_role("textbox", name="Token").fill("ann")
        page.get_by_role("button", name="Open the gallery").click()
        frame = tile(page, newest(api)).locator(".frame")
        expect(frame).to_have_css("background-color", "rgb(51, 102, 153)")


@in_months
def test_an_open_photograph_is_left_for_neighbours_that_are_not_loaded(page: Page) -> None:
    settled(page)
    page.get_by_role("slider", name="Month").press("End")
    settled(page)
    tile(page, "p30").get_by_role("button").click()  # 31 January, the newest of the oldest month
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#detail")).to_have_attribute("data-id", "p31")
    for name in ("p30", "p29"):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#detail")).to_have_attribute("data-id", name)


@in_months
def test_the_months_are_a_slider_that_goes_there(page: Page) -> None:
    settled(page)
    slider = page.get_by_role("slider", name="Month")
    expect(slider).to_have_attribute("aria-valuetext", "August 2025")
    slider.press("PageDown")
    expect(slider).to_have_attribute("aria-valuetext", "December 2024")
    expect(tile(page, "p365")).to_be_in_viewport()  # 31 December
    slider.press("ArrowDown")
    expect(slider).to_have_attribute("aria-valuetext", "November 2024")
    expect(tile(page, "p334")).to_be_in_viewport()
    box = slider.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.995)
    settled(page)
    expect(slider).to_have_attribute("aria-valuetext", "January 2024")
    expect(tile(page, "p0")).to_be_visible()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 2)
    expect(slider).to_contain_text("August 2025")
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "August 2025")
    expect(tile(page, "p599")).to_be_in_viewport()


@in_months
def test_a_search_in_order_of_time_is_in_months_too(page: Page) -> None:
    page.locator("#query").fill("dog")
    page.keyboard.press("Enter")
    expect(page.locator("#heading")).to_contain_text("dog")
    settled(page)
    expect(page.get_by_role("slider", name="Month")).to_be_hidden()
    page.locator("#sort").select_option("added")
    slider = page.get_by_role("slider", name="Month")
    expect(slider).to_be_visible()
    slider.press("End")
    settled(page)
    expect(tile(page, "p30")).to_be_visible()  # the newest of the oldest month


@in_pages
def test_few_photographs_need_no_months(page: Page) -> None:
    settled(page)
    expect(page.get_by_role("slider", name="Month")).to_be_hidden()


@in_pages
def test_dragging_to_the_windows_edge_scrolls_and_goes_on_choosing(page: Page) -> None:
    tick = page.locator("#grid .tile").first.get_by_role("checkbox")
    at = tick.bounding_box()
    assert at
    page.mouse.move(at["x"] + 5, at["y"] + 5)
    page.mouse.down()
    page.mouse.move(at["x"] + 60, at["y"] + 200, steps=3)
    page.mouse.move(at["x"] + 60, 795, steps=3)
    page.wait_for_function("() => scrollY > 3000")
    page.mouse.move(at["x"] + 60, 400)
    page.evaluate(STILL)
    page.mouse.up()
    told = page.get_by_role("toolbar", name="What is selected").get_by_role("status")
    assert int((told.text_content() or "").split()[0]) > 20
