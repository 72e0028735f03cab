"""Many photographs at once in the gallery; a browser on an API in memory."""

import io
from collections.abc import Iterator, Sequence
from zipfile import ZipFile

import pytest
from playwright.sync_api import Locator, Page, expect

from chalicelib.images import Attribute
from tests.api import Api
from tests.e2e import in_memory
from tests.e2e.in_memory import expect_to_become, showing

pytestmark = [pytest.mark.browser, pytest.mark.slow]
page = in_memory.page
SHOWN = {
    f"photo-{number}": {"width": 200 + number, "height": 300, "keywords": ("old",)}
    for number in range(6)
}


@pytest.fixture
def api() -> Iterator[Api]:
    with showing(SHOWN) as api:
        yield api


def tiles(page: Page) -> list[Locator]:
    expect(page.locator("#grid [data-id]")).to_have_count(6)
    return page.locator("#grid [data-id]").all()


def tick(tile: Locator) -> Locator:
    return tile.get_by_role("checkbox")


def chosen(page: Page, count: int) -> None:
    bar = page.get_by_role("toolbar", name="What is selected")
    if count:
        expect(bar).to_contain_text(f"{count} selected")
    else:
        expect(bar).to_be_hidden()
    expect(page.locator("#grid").get_by_role("checkbox", checked=True)).to_have_count(count)


def ids(page: Page) -> list[str]:
    return [str(one.get_attribute("data-id")) for one in tiles(page)]


def test_ticks_choose_and_a_press_on_others_goes_on_choosing(page: Page) -> None:
    first, second, *_ = tiles(page)
    first.hover()
    tick(first).click()
    chosen(page, 1)
    second.get_by_role("button").first.click()
    chosen(page, 2)
    expect(page.locator("#detail")).to_be_hidden()
    first.get_by_role("button").first.click()
    chosen(page, 1)
    page.keyboard.press("Escape")
    chosen(page, 0)
    second.get_by_role("button").first.click()
    expect(page.locator("#detail")).to_be_visible()


def test_shift_chooses_all_between_and_ctrl_one_more(page: Page) -> None:
    shown = tiles(page)
    tick(shown[0]).click()
    shown[3].get_by_role("button").first.click(modifiers=["Shift"])
    chosen(page, 4)
    shown[5].get_by_role("button").first.click(modifiers=["ControlOrMeta"])
    chosen(page, 5)
    shown[1].get_by_role("button").first.click(modifiers=["ControlOrMeta"])
    chosen(page, 4)


def test_the_keyboard_chooses_too(page: Page) -> None:
    tiles(page)[0].get_by_role("button").first.focus()
    page.keyboard.press("x")
    chosen(page, 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+X")
    chosen(page, 3)
    page.keyboard.press("Control+a")
    chosen(page, 6)
    page.keyboard.press("Escape")
    chosen(page, 0)


def test_dragging_from_a_tick_chooses_what_it_passes(page: Page) -> None:
    shown = tiles(page)
    start, end = tick(shown[0]).bounding_box(), shown[1].bounding_box()
    assert start and end
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 30, start["y"] + 30)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=4)
    page.mouse.up()
    chosen(page, 2)
    expect(page.locator("#detail")).to_be_hidden()


def test_a_long_press_chooses_and_further_taps_go_on(page: Page) -> None:
    first, second, *_ = tiles(page)
    at = first.bounding_box()
    assert at
    touch = {"pointerType": "touch", "bubbles": True, "button": 0}
    where = {"clientX": at["x"] + 20, "clientY": at["y"] + 20}
    first.get_by_role("button").first.dispatch_event("pointerdown", {**touch, **where})
    chosen(page, 1)
    first.get_by_role("button").first.dispatch_event("pointerup", {**touch, **where})
    first.get_by_role("button").first.dispatch_event("click")
    chosen(page, 1)
    second.get_by_role("button").first.click()
    chosen(page, 2)


def test_what_is_chosen_goes_to_the_trash_and_comes_back_by_undo(api: Api, page: Page) -> None:
    before = ids(page)
    for tile in tiles(page)[1:3]:
        tick(tile).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("2 photographs moved to the trash.")).to_be_visible()
    expect(page.locator("#grid [data-id]")).to_have_count(4)
    chosen(page, 0)
    assert [api.call("GET", f"/images/{one}").status for one in before[1:3]] == [404, 404]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#grid [data-id]")).to_have_count(6)
    assert ids(page) == before
    assert [api.call("GET", f"/images/{one}").status for one in before[1:3]] == [200, 200]


def test_what_came_back_by_undo_stands_where_it_was_and_can_be_changed(
    api: Api, page: Page
) -> None:
    before = ids(page)
    for place in (0, 2, 5):
        tick(tiles(page)[place]).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("3 photographs moved to the trash.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#grid [data-id]")).to_have_count(6)
    assert ids(page) == before
    tiles(page)[2].get_by_role("button").first.focus()
    page.keyboard.press("x")
    page.get_by_role("toolbar").get_by_role("button", name="Favourite").click()
    expect(page.get_by_text("1 photograph added to the favourites.")).to_be_visible()
    assert albums(api, before[2]) == ("Favourites",)


def test_what_is_chosen_becomes_favourites_and_leaves_them_by_undo(api: Api, page: Page) -> None:
    names = ids(page)[:2]
    for tile in tiles(page)[:2]:
        tick(tile).click()
    page.get_by_role("toolbar").get_by_role("button", name="Favourite").click()
    expect(page.get_by_text("2 photographs added to the favourites.")).to_be_visible()
    assert [albums(api, one) for one in names] == [("Favourites",)] * 2
    page.get_by_role("button", name="Undo").click()
    expect_to_become(page, lambda: [albums(api, one) for one in names], [()] * 2)


def albums(api: Api, image_id: str) -> tuple[str, ...]:
    image = api.catalogue.get(image_id)
    assert image is not None
    return image.albums


def test_what_is_chosen_is_added_to_an_album(api: Api, page: Page) -> None:
    names = ids(page)[:2]
    for tile in tiles(page)[:2]:
        tick(tile).click()
    page.get_by_role("button", name="Add to an album").click()
    expect(page.get_by_role("heading", name="Add 2 photographs to an album")).to_be_visible()
    page.get_by_role("combobox", name="Name of the album").fill("Bergen")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 photographs added to Bergen.")).to_be_visible()
    assert [albums(api, one) for one in names] == [("Bergen",)] * 2


def test_what_is_chosen_is_described_together_and_that_is_taken_back(api: Api, page: Page) -> None:
    names = ids(page)[:2]
    for tile in tiles(page)[:2]:
        tick(tile).click()
    page.get_by_role("button", name="Describe").click()
    dialog = page.locator("#describe")
    dialog.get_by_label("Keywords, with commas").fill("Rex, old")
    dialog.get_by_label("Who or what: dog").fill("dog")
    dialog.get_by_label("Colours: brown, white").fill("brown, white")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("2 photographs described.")).to_be_visible()
    for name in names:
        image = api.catalogue.get(name)
        assert image is not None
        assert image.keywords == ("old", "Rex")
        assert [(one.subject, one.colours) for one in image.attributes] == [
            ("dog", ("brown", "white"))
        ]
    page.get_by_role("button", name="Undo").click()
    expect_to_become(page, lambda: [described(api, one) for one in names], [(("old",), ())] * 2)


def described(api: Api, image_id: str) -> tuple[Sequence[str], Sequence[Attribute]]:
    image = api.catalogue.get(image_id)
    assert image is not None
    return image.keywords, image.attributes


def test_what_is_chosen_is_saved_as_one_archive_under_its_names(api: Api, page: Page) -> None:
    names = ids(page)
    for tile in tiles(page)[:3]:
        tick(tile).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename.endswith(".zip")
    with ZipFile(io.BytesIO(saved.value.path().read_bytes())) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(f"{name}.jpg" for name in names[:3])
        assert all(archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["a.jpg", "a.jpg", "A.JPG"], ["a.jpg", "a (2).jpg", "A (3).JPG"]),
        (["Zürich ☀.heic"], ["Zürich ☀.heic"]),
        ([], []),
    ],
)
def test_an_archive_is_one_that_others_read(page: Page, names: list[str], kept: list[str]) -> None:
    told = page.evaluate(
        """async (names) => {
            const main = document.querySelector("script[type=module]").src;
            const { Archive } = await import(main.replace("main.js", "zip.js"));
            const archive = new Archive();
            const taken = new Date(2024, 4, 1, 13, 20, 8);
            for (const name of names) await archive.add(name, new Blob([name.repeat(1000)]), taken);
            return [...new Uint8Array(await archive.whole().arrayBuffer())];
        }""",
        names,
    )
    with ZipFile(io.BytesIO(bytes(told))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == kept
        for name, entry in zip(names, archive.infolist(), strict=True):
            assert archive.read(entry).decode() == name * 1000
            assert entry.date_time == (2024, 5, 1, 13, 20, 8)
