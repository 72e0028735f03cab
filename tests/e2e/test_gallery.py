"""The gallery as a person uses it, in a browser on the deployed stack."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.deployed import DeployedStack, eventually
from tests.e2e.conftest import opened

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]


def add(page: Page, *files: Path) -> None:
    page.locator("#files").set_input_files(list(files))
    for file in files:
        tile = page.locator('.tile[data-state="captioned"], .tile[data-state="needs_review"]')
        expect(tile.filter(has=page.locator("img")).first).to_be_visible()
        expect(page.locator(".tile", has_text=file.name)).to_have_count(0)


def search(page: Page, text: str) -> None:
    page.keyboard.press("/")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def open_newest(page: Page) -> None:
    page.locator(".tile > button").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def rewrite(page: Page, caption: str) -> None:
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="Caption").fill(caption)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#detail-title")).to_have_text(caption)


def eventually_found(page: Page, text: str) -> None:
    # The index follows the catalogue by a second or two.
    for _ in range(80):
        search(page, text)
        page.wait_for_timeout(500)
        expect(page.locator("#grid[aria-busy]")).to_have_count(0)
        if page.locator("#grid .tile[data-id]").count():
            return
        page.locator("#query").fill("")
        page.locator("#home").click()
    raise AssertionError(f"{text!r} finds nothing")


def test_a_photograph_is_added_captioned_edited_found_and_deleted(
    page: Page, photographs: Path
) -> None:
    add(page, photographs / "coffee.jpg")
    open_newest(page)
    expect(page.locator("#detail")).to_contain_text(re.compile(r"% sure|too unsure to write"))
    rewrite(page, "A zebra <b>drinks</b> from a purple cup")
    page.keyboard.press("Escape")
    eventually_found(page, "zebra")
    expect(page.locator(".tile mark")).to_have_text("zebra")
    expect(page.locator(".tile .caption").first).to_contain_text("<b>drinks</b>")
    page.get_by_role("button", name=re.compile("zebra")).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".tile")).to_have_count(0)


def test_facets_narrow_down_and_bind_a_colour_to_its_subject(page: Page, photographs: Path) -> None:
    add(page, photographs / "chelsea.jpg")
    open_newest(page)
    rewrite(page, "A green parrot beside a yellow wolf")
    page.keyboard.press("Escape")
    eventually_found(page, "parrot")
    page.get_by_role("button", name=re.compile("^parrot")).first.click()
    page.get_by_role("button", name=re.compile("^green")).first.click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page).to_have_url(re.compile("subject=parrot"))
    page.goto(page.url.split("#")[0] + "#subject=parrot&colour=yellow")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    page.go_back()
    expect(page.locator(".tile")).to_have_count(1)


def test_a_photograph_finds_itself_by_image_and_others_by_likeness(
    page: Page, stack: DeployedStack, photographs: Path
) -> None:
    add(page, photographs / "astronaut.jpg", photographs / "coffee.jpg")
    eventually(stack.is_indexed, because=stack.log)
    page.locator("#query-file").set_input_files(photographs / "astronaut.jpg")
    page.get_by_role("dialog").get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#heading")).to_contain_text("look like astronaut.jpg")
    expect(page.locator(".tile").first).to_be_visible()
    open_newest(page)
    expect(page.locator("#detail")).to_contain_text("astronaut.jpg")
    page.get_by_role("button", name="Find similar").click()
    expect(page.locator("#heading")).to_have_text("Photographs that look alike")
    expect(page.locator(".tile").first).to_be_visible()


def test_a_search_says_why_and_leaves_out_what_looks_like_a_photograph(
    page: Page, photographs: Path
) -> None:
    add(page, photographs / "coffee.jpg")
    open_newest(page)
    rewrite(page, "A walrus beside a samovar")
    page.keyboard.press("Escape")
    eventually_found(page, "walrus")
    page.get_by_role("button", name="Say why").click()
    expect(page.locator(".tile .why").first).to_contain_text("caption: walrus")
    page.get_by_role("button", name="Copies once").click()
    expect(page.get_by_role("button", name="Copies once")).to_have_attribute("aria-pressed", "true")
    page.locator(".tile > button", has_text="walrus").click()
    page.get_by_role("button", name="Not like this").click()
    expect(page.get_by_role("button", name="Unlike one photograph")).to_be_visible()
    expect(page.locator(".tile", has_text="walrus")).to_have_count(0)
    expect(page).to_have_url(re.compile("why=1&collapse=1.*unlike="))
    page.get_by_role("button", name="Unlike one photograph").click()
    expect(page.locator(".tile", has_text="walrus")).to_have_count(1)


@pytest.mark.fault(13)
def test_a_caption_that_is_a_script_stays_text(page: Page, photographs: Path) -> None:
    add(page, photographs / "coffee.jpg")
    open_newest(page)
    rewrite(page, "<img src=x onerror=document.title='hacked'> xylophone")
    page.keyboard.press("Escape")
    eventually_found(page, "xylophone")
    expect(page.locator(".tile .caption").first).to_contain_text("<img src=x onerror=")
    expect(page.locator('img[src="x"]')).to_have_count(0)
    expect(page).to_have_title("“xylophone” · Image Repo")


def test_the_keyboard_is_enough(page: Page, photographs: Path) -> None:
    add(page, photographs / "astronaut.jpg", photographs / "chelsea.jpg")
    page.locator(".tile > button").first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.locator(".tile > button:focus")
    expect(focused).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(focused).to_have_count(1)
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()


def test_the_arrow_keys_leaf_through_the_open_photographs_and_a_key_deletes(
    page: Page, photographs: Path
) -> None:
    add(page, photographs / "astronaut.jpg", photographs / "chelsea.jpg")
    second = page.locator("#grid .tile").nth(1).get_attribute("data-id")
    open_newest(page)
    page.keyboard.press("ArrowRight")
    expect(page.locator("#detail")).to_have_attribute("data-id", str(second))
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("photo="))
    page.locator(f'.tile[data-id="{second}"] > button').focus()
    page.keyboard.press("Delete")
    expect(page.locator(f'.tile[data-id="{second}"]')).to_have_count(0)
    expect(page.locator(".tile > button:focus")).to_have_count(1)


def test_a_file_that_is_no_photograph_says_why(page: Page, tmp_path: Path) -> None:
    liar = tmp_path / "liar.jpg"
    liar.write_text("this is text")
    page.locator("#files").set_input_files(liar)
    expect(page.locator('.tile[data-state="failed"]').first).to_be_visible()
    expect(page.locator("#status")).to_contain_text("liar.jpg")


def test_a_refused_file_keeps_its_reason_until_it_is_dismissed(page: Page, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("this is text")
    page.locator("#files").set_input_files(note)
    tray = page.get_by_role("list", name="Being added")
    taken = "JPEG, PNG, WebP, GIF, HEIC, AVIF and TIFF"
    expect(tray).to_contain_text(f"note.txt: Only {taken} can be added.")
    expect(tray.get_by_role("button", name="Try again")).to_be_visible()
    page.locator("#home").click()
    expect(tray).to_contain_text("note.txt")
    tray.get_by_role("button", name="Dismiss").click()
    expect(tray).to_be_hidden()


def test_what_finds_nothing_can_be_loosened_condition_by_condition(page: Page) -> None:
    page.goto(page.url.split("#")[0] + "#q=qwertz&subject=unicorn&colour=purple")
    chosen = page.get_by_role("group", name="Subjects").get_by_role("button", name="unicorn")
    expect(chosen).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Without “purple”").click()
    expect(page.get_by_role("group", name="Colours")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("purple"))
    page.get_by_role("button", name="All photographs").last.click()
    expect(page.locator("#heading")).to_have_text("Newest photographs")


def test_an_edit_of_an_outdated_caption_shows_the_newer_one_and_keeps_the_words(
    page: Page, stack: DeployedStack, photographs: Path, complaints: list[str]
) -> None:
    add(page, photographs / "chelsea.jpg")
    open_newest(page)
    page.get_by_role("button", name="Edit").click()
    image_id = page.locator("#detail").get_attribute("data-id")
    with stack.client() as client:
        client.patch(f"images/{image_id}", json={"caption": "A cat, says another"})
    page.get_by_role("textbox", name="Caption").fill("A cat, say I")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#status")).to_contain_text("Somebody changed this photograph meanwhile")
    expect(page.locator("#detail-title")).to_have_text("A cat, says another")
    expect(page.get_by_role("textbox", name="Caption")).to_have_value("A cat, say I")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#detail-title")).to_have_text("A cat, say I")
    # The browser itself notes every answer that is an error, this expected one too.
    [expected] = complaints
    assert "412" in expected
    complaints.clear()


def test_the_token_leaves_the_address_and_a_stranger_is_asked_for_one(
    page: Page, browser: Browser, stack: DeployedStack
) -> None:
    expect(page).not_to_have_url(re.compile("token"))
    stranger = browser.new_context().new_page()
    stranger.goto(stack.api_url + "/")
    expect(stranger.get_by_role("heading", name="Your token, please")).to_be_visible()
    stranger.get_by_role("textbox", name="Token").fill(stack.token)
    stranger.get_by_role("button", name="Open the gallery").click()
    expect(stranger.locator("#heading")).to_have_text("Newest photographs")
    stranger.context.close()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_phone_scrolls_in_one_direction_only(
    browser: Browser, stack: DeployedStack, complaints: list[str], width: int
) -> None:
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    opened(page, stack, complaints)
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    assert complaints == []
    page.context.close()


def test_the_box_is_understood_corrected_and_completed(page: Page, photographs: Path) -> None:
    add(page, photographs / "chelsea.jpg")
    open_newest(page)
    rewrite(page, "A purple penguin jumps over a fence")
    page.keyboard.press("Escape")
    reading = page.get_by_role("group", name="What was understood")
    for _ in range(80):  # the index follows the catalogue by a second or two
        page.locator("#home").click()
        search(page, "purple pengiun jumping")
        page.wait_for_timeout(500)
        if page.get_by_text("Searched for “purple penguin jumping”").count():
            break
    expect(reading).to_contain_text("Searched for “purple penguin jumping”")
    reading.get_by_role("button", name="a penguin, purple, jumping").click()
    expect(page.locator("#heading")).to_contain_text("a penguin, purple, jumping")
    expect(page).to_have_url(re.compile("subject=penguin"))
    expect(page.locator(".tile")).to_have_count(1)
    page.locator("#query").press_sequentially("purple pengu")
    suggestion = page.locator("#suggestions option").first
    expect(suggestion).to_have_attribute("value", "purple penguin")
