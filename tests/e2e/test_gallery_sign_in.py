"""People sign in to the gallery, with a real OpenID provider, in a browser."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Route, expect

from chalicelib.oidc.provider import RETRY_SECONDS
from local.processes import any_free
from tests.deployed import DeployedStack, eventually
from tests.e2e.in_memory import expect_to_become
from tests.identity_provider import RESOURCE, IdentityProvider, running
from tests.oidc import FakeProvider

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.slow]
WATCH_MS = 2_500  # how often grid.js asks after what is not captioned yet


@pytest.fixture(scope="module")
def port() -> int:
    return any_free()


@pytest.fixture(scope="module")
def signing(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """Yield a stack that the people of a provider may sign in to."""
    deployed = DeployedStack(tmp_path_factory.mktemp("signing"))
    issuer = f"http://127.0.0.1:{port}"
    try:
        deployed.up(context={"auth": "oidc", "issuer": issuer, "audience": "gallery"})
        yield deployed
    finally:
        deployed.down()


@pytest.fixture(scope="module")
def provider(signing: DeployedStack, port: int) -> Iterator[IdentityProvider]:
    with running(port, f"{signing.api_url}/") as provider:
        yield provider


@pytest.fixture
def guest(
    browser: Browser, signing: DeployedStack, provider: IdentityProvider, complaints: list[str]
) -> Iterator[Page]:
    """Yield the gallery as somebody sees it who has not signed in."""
    provider.change(lifetime=300, refresh=True)
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.route("https://**", lambda route: route.abort())  # fonts of the provider's pages
    context.set_default_navigation_timeout(90_000)  # the first page starts every function
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        is_ours = message.location["url"].startswith(signing.api_url)
        if message.type == "error" and is_ours and "status of 401" not in message.text:
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{signing.api_url}/")
    yield page
    context.close()
    assert complaints == []


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_placeholder("Enter any login").fill(name)
    page.get_by_placeholder("and password").fill("any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    # Where the repository does not accept who signed in, it asks again.
    page.locator("#grid[data-ready], #token[open]").first.wait_for(state="attached")


def is_open(page: Page) -> None:
    page.locator("#grid[data-ready]").wait_for(state="attached")


def stored(page: Page, **changes: Any) -> dict[str, Any]:
    """Return the session that the browser keeps, once it is changed."""
    entries = page.evaluate("Object.entries(localStorage)")
    ((key, text),) = [entry for entry in entries if entry[0].startswith("image-repo-session:")]
    session = {**json.loads(text), **changes}
    page.evaluate("entry => localStorage.setItem(...entry)", [key, json.dumps(session)])
    return session


def search(page: Page, text: str) -> None:
    page.locator("#query").fill(text)
    page.keyboard.press("Enter")


def add(page: Page, file: Path) -> None:
    page.locator("#files").set_input_files(file)
    tile = page.locator('.tile[data-state="captioned"], .tile[data-state="needs_review"]')
    expect(tile.first).to_be_visible()


def test_while_the_provider_does_not_answer_only_tokens_let_anybody_in(
    signing: DeployedStack, request: pytest.FixtureRequest
) -> None:
    """Comes first: none of the functions knows the provider's keys yet."""
    with signing.client(FakeProvider().token()) as client:
        for path in ("/auth", "/images"):
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert answer.json()["status"] == 503
    with signing.client() as client:
        assert client.get("/images").is_success
        request.getfixturevalue("provider")
        eventually(lambda: client.get("/auth").is_success, within=3 * RETRY_SECONDS)


def test_somebody_signs_in_adds_a_photograph_finds_it_and_signs_out(
    guest: Page, signing: DeployedStack, photographs: Path
) -> None:
    sign_in(guest, "corp|ann")
    expect(guest).to_have_url(f"{signing.api_url}/")  # neither code nor state is left
    expect(guest.locator("#account")).to_have_attribute(
        "title", "Signed in as corp|ann@example.org"
    )
    add(guest, photographs / "coffee.jpg")
    guest.locator(".tile > button").first.click()
    expect(guest.locator("#detail")).to_contain_text("corp!7Cann")
    guest.keyboard.press("Escape")
    expect(guest).to_have_url(f"{signing.api_url}/")
    guest.reload()
    expect(guest.locator(".tile > button").first).to_be_visible()
    search(guest, "cup")
    expect(guest.locator("#heading")).to_contain_text("cup")
    guest.get_by_role("button", name="Your account").click()
    guest.get_by_role("button", name="Sign out").click()
    guest.get_by_role("button", name="Yes, sign me out").click()
    expect(guest.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(guest).to_have_url(f"{signing.api_url}/")
    assert "image-repo-session" not in guest.evaluate("JSON.stringify({...localStorage})")
    guest.get_by_role("button", name="Sign in", exact=True).click()
    expect(guest.get_by_placeholder("Enter any login")).to_be_visible()  # out there, too


def test_nobody_sees_what_another_person_added(guest: Page, photographs: Path) -> None:
    sign_in(guest, "bob")
    expect(guest.get_by_role("heading", name="No photographs yet")).to_be_visible()


def test_on_a_phone_there_is_room_for_who_is_signed_in(guest: Page) -> None:
    guest.set_viewport_size({"width": 320, "height": 800})
    sign_in(guest, "bob")
    expect(guest.locator("#account")).to_be_in_viewport()
    assert guest.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_search_in_the_address_is_kept_while_somebody_signs_in(
    guest: Page, signing: DeployedStack
) -> None:
    guest.goto(f"{signing.api_url}/#q=walrus")
    guest.reload()
    sign_in(guest, "bob")
    expect(guest).to_have_url(f"{signing.api_url}/#q=walrus")
    expect(guest.locator("#query")).to_have_value("walrus")


def test_a_token_that_runs_out_is_renewed_without_a_word(
    guest: Page, provider: IdentityProvider
) -> None:
    provider.change(lifetime=3)
    sign_in(guest, "bob")
    before = stored(guest)
    guest.wait_for_timeout(3_000)
    search(guest, "dog")
    expect(guest.get_by_role("heading", name="Nothing found")).to_be_visible()
    after = stored(guest)
    assert after["bearer"] != before["bearer"]
    expect(guest.locator("#token")).to_be_hidden()


def test_a_token_that_the_repository_no_longer_takes_is_renewed(guest: Page) -> None:
    sign_in(guest, "bob")
    stored(guest, bearer="a.b.c", since=0)
    search(guest, "dog")
    expect(guest.get_by_role("heading", name="Nothing found")).to_be_visible()
    assert stored(guest)["bearer"] != "a.b.c"
    expect(guest.locator("#token")).to_be_hidden()


def test_where_only_the_person_can_sign_in_again_nothing_on_the_page_is_lost(
    guest: Page, photographs: Path
) -> None:
    sign_in(guest, "carol")
    add(guest, photographs / "chelsea.jpg")
    guest.locator(".tile > button").first.click()
    guest.get_by_role("button", name="Edit").click()
    guest.get_by_role("textbox", name="Caption").fill("A cat that waited")
    stored(guest, renewAt=0, refresh=None)
    guest.get_by_role("button", name="Save").click()
    expect(guest.get_by_role("heading", name="Your sign-in has run out")).to_be_visible()
    with guest.expect_popup() as second:
        guest.get_by_role("button", name="Sign in again").click()
    expect(guest.locator("#token")).to_be_hidden()
    expect_to_become(guest, second.value.is_closed, True)
    expect(guest.locator("#detail-title")).to_have_text("A cat that waited")
    expect(guest.locator("#token")).to_be_hidden()


def test_whoever_does_not_sign_in_again_may_do_so_later(guest: Page) -> None:
    sign_in(guest, "bob")
    stored(guest, renewAt=0, refresh=None)
    search(guest, "dog")
    expect(guest.get_by_role("heading", name="Your sign-in has run out")).to_be_visible()
    guest.keyboard.press("Escape")
    expect(guest.get_by_role("heading", name="That did not work")).to_be_visible()
    guest.get_by_role("button", name="Try again").click()
    with guest.expect_popup():
        guest.get_by_role("button", name="Sign in again").click()
    expect(guest.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_whoever_does_not_sign_in_again_is_not_asked_by_the_page_itself(
    guest: Page, signing: DeployedStack
) -> None:
    with signing.client() as client:
        made = client.post("/tokens", json={"owner": "cat"}).json()
    with signing.client(made["token"]) as client:
        new = {"name": "late.jpg", "content_type": "image/jpeg", "size": 9}
        assert client.post("/images", json=new).is_success
    sign_in(guest, "cat")
    expect(guest.locator('.tile[data-state="pending"]')).to_be_visible()
    stored(guest, renewAt=0, refresh=None)
    expect(guest.get_by_role("heading", name="Your sign-in has run out")).to_be_visible()
    guest.keyboard.press("Escape")
    guest.wait_for_timeout(3 * WATCH_MS)
    expect(guest.locator("#token")).to_be_hidden()


def test_no_link_takes_a_session_away(guest: Page, signing: DeployedStack) -> None:
    sign_in(guest, "bob")
    bearer = stored(guest)["bearer"]
    guest.goto(f"{signing.api_url}/?code=stolen&state=other")
    is_open(guest)
    assert stored(guest)["bearer"] == bearer
    asked: list[str] = []

    def decline(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    guest.on("dialog", decline)
    guest.goto(f"{signing.api_url}/?again#token=imr_anothers")
    is_open(guest)
    assert stored(guest)["bearer"] == bearer
    assert asked == ["Use this address's token, and sign out?"]


def test_whoever_declines_is_told_so_and_may_begin_again(guest: Page) -> None:
    guest.get_by_role("button", name="Sign in", exact=True).click()
    guest.get_by_role("link", name=re.compile("Cancel")).click()
    expect(guest.locator("#token")).to_contain_text("The sign-in was declined.")
    sign_in(guest, "bob")


def begun(page: Page) -> dict[str, str]:
    """Go to the provider's page, and return what it was asked."""
    with page.expect_request("**/auth?*") as asked:
        page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()
    return dict(parse_qsl(urlsplit(asked.value.url).query))


@pytest.mark.parametrize("error", ["odd", "constructor"])
def test_an_error_that_has_no_words_here_is_told_as_it_is(
    guest: Page, signing: DeployedStack, error: str
) -> None:
    guest.goto(f"{signing.api_url}/?error={error}&state={begun(guest)['state']}")
    expect(guest.locator("#token")).to_contain_text(f"sign anybody in: {error}. The repository")


def test_an_answer_to_another_sign_in_is_not_taken(guest: Page, signing: DeployedStack) -> None:
    for answer in ("?code=stolen&state=other", "?error=access_denied&state=other"):
        for is_begun in (False, True):
            if is_begun:
                begun(guest)
            guest.goto(f"{signing.api_url}/{answer}")
            expect(guest.locator("#token")).to_contain_text("belongs to another sign-in")
            expect(guest).to_have_url(f"{signing.api_url}/")


def test_an_answer_of_another_provider_is_not_taken(guest: Page, signing: DeployedStack) -> None:
    answer = f"?code=stolen&state={begun(guest)['state']}&iss=https%3A%2F%2Fevil.example.org"
    guest.goto(f"{signing.api_url}/{answer}")
    expect(guest.locator("#token")).to_contain_text("Another identity provider answered")


@pytest.mark.parametrize(
    ("client", "told"),
    [("gallery", "belongs to another sign-in"), ("another", "sent no token for this gallery")],
)
def test_a_token_that_was_not_made_for_this_sign_in_is_not_taken(
    guest: Page, signing: DeployedStack, provider: IdentityProvider, client: str, told: str
) -> None:
    asked = begun(guest)
    nonce = {"nonce": asked["nonce"]} if client == "another" else {}
    tokens = provider.tokens("eve", client=client, **nonce)
    allowed = {"Access-Control-Allow-Origin": "*"}
    guest.route("**/token", lambda route: route.fulfill(json=tokens, headers=allowed))
    guest.goto(f"{signing.api_url}/?code=any&state={asked['state']}")
    expect(guest.locator("#token")).to_contain_text(told)


def test_a_token_for_another_audience_is_refused_with_a_hint(guest: Page) -> None:
    def another(route: Route) -> None:
        answer = route.fetch().json()
        answer["provider"]["client_id"] = "another"
        route.fulfill(json=answer)

    guest.route("**/auth", another)
    guest.reload()
    sign_in(guest, "bob")
    expect(guest.locator("#token")).to_contain_text("it is meant for another API")


def test_for_an_audience_of_the_apis_own_the_gallery_sends_access_tokens(guest: Page) -> None:
    def with_an_audience(route: Route) -> None:
        answer = route.fetch().json()
        answer["provider"] |= {"audience": RESOURCE, "sends": "access_token"}
        route.fulfill(json=answer)

    guest.route("**/auth", with_an_audience)
    guest.reload()
    with guest.expect_request("**/images?*") as asked:
        sign_in(guest, "bob")
    _, claims, _ = asked.value.headers["authorization"].split(".")
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["aud"] == RESOURCE


def test_while_the_provider_is_out_of_reach_nothing_is_lost_and_nobody_is_asked(
    guest: Page,
) -> None:
    sign_in(guest, "bob")
    before = stored(guest, renewAt=0)
    guest.route("**/token", lambda route: route.abort())
    search(guest, "dog")
    expect(guest.locator("#empty")).to_contain_text("The identity provider cannot be reached")
    assert stored(guest) == before
    guest.unroute("**/token")
    guest.get_by_role("button", name="Try again").click()
    expect(guest.get_by_role("heading", name="Nothing found")).to_be_visible()


def test_nobody_elses_sign_in_takes_the_place_of_one_that_is_renewed(
    guest: Page, provider: IdentityProvider
) -> None:
    sign_in(guest, "bob")
    before = stored(guest, renewAt=0)
    another, allowed = provider.tokens("eve"), {"Access-Control-Allow-Origin": "*"}
    guest.route("**/token", lambda route: route.fulfill(json=another, headers=allowed))
    search(guest, "dog")
    expect(guest.get_by_role("heading", name="Your sign-in has run out")).to_be_visible()
    assert stored(guest) == before


def test_after_the_keys_have_changed_people_sign_in_as_before(
    guest: Page, provider: IdentityProvider, signing: DeployedStack
) -> None:
    provider.change(rotate=True)
    token = provider.tokens("dora")["id_token"]
    with signing.client(token) as client:
        eventually(lambda: client.get("/images").is_success, within=3 * RETRY_SECONDS)
    sign_in(guest, "dora")
    expect(guest.get_by_role("heading", name="No photographs yet")).to_be_visible()


def test_a_token_of_the_repository_opens_the_gallery_as_before(
    guest: Page, signing: DeployedStack
) -> None:
    guest.goto(signing.facts["gallery_url"])
    guest.reload()
    is_open(guest)
    expect(guest.locator("#account")).to_have_attribute("title", "A token lets you in")


def test_a_wrong_token_or_a_provider_that_is_down_is_told_by_the_api(
    signing: DeployedStack, provider: IdentityProvider
) -> None:
    for token in ("imr_wrong", "a.b.c", provider.tokens("ann", client="another")["id_token"]):
        with signing.client(token) as client:
            answer = client.get("/images")
        assert answer.status_code == 401
        assert answer.json()["status"] == 401
    with signing.client(provider.tokens("admin")["id_token"]) as client:
        assert client.get("/tokens").is_success
