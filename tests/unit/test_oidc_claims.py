"""Whose photographs claims open: one owner an identity, and scopes by groups."""

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.access import Caller, Scope
from chalicelib.api.queries import Owner
from chalicelib.oidc import ClaimRules, owner_name

READ, WRITE, ADMIN = Scope.READ, Scope.WRITE, Scope.ADMIN
IDENTITIES = st.text(st.characters() | st.sampled_from("/#!.|@%\x00é"), min_size=1)


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ("b5f1c2d4-70b1-11ee-b962-0242ac120002", "b5f1c2d4-70b1-11ee-b962-0242ac120002"),
        ("auth0|123", "auth0!7C123"),
        ("auth0!7C123", "auth0!217C123"),
        ("ann.b@example.org", "ann.b@example.org"),
        ("a/b#c", "a!2Fb!23c"),
        ("..", "!2E!2E"),
        ("é", "!C3!A9"),
        ("x" * 129, "!!" + sha256(b"x" * 129).hexdigest()),
    ],
)
def test_an_identity_is_a_name_that_can_be_a_folder(identity: str, name: str) -> None:
    assert owner_name(identity) == name


@given(IDENTITIES)
def test_every_identity_makes_a_name_that_requests_may_say(identity: str) -> None:
    name = owner_name(identity)
    assert TypeAdapter(Owner).validate_python(name) == name
    assert re.fullmatch(r"[A-Za-z0-9@._!-]+", name) and name not in (".", "..")


@given(IDENTITIES, IDENTITIES)
def test_two_identities_never_share_a_name(one: str, other: str) -> None:
    # What stands for itself too, as what a stranger could be called on purpose.
    for identity in (other, owner_name(one), one + other, one.upper()):
        assert (owner_name(one) == owner_name(identity)) == (one == identity)


def test_a_long_identity_is_another_one_at_its_end() -> None:
    assert owner_name("x" * 200 + "a") != owner_name("x" * 200 + "b")


@pytest.mark.parametrize(
    ("groups", "scopes"),
    [
        (["image-repo-read"], {READ}),
        (["image-repo-read", "image-repo-admin", "staff"], {READ, ADMIN}),
        (["/image-repo-write"], {WRITE}),
        ("image-repo:admin", {ADMIN}),
        ("my image-repo-admin", {READ, WRITE}),
        (["image-repo-root", "admin", "x-image-repo-admin", "image-repo-admin-no"], {READ, WRITE}),
        (["IMAGE-REPO-ADMIN", "image-repo-admin\n", 7, None, ["image-repo-admin"]], {READ, WRITE}),
        ([], {READ, WRITE}),
        ({"image-repo-admin": True}, {READ, WRITE}),
        (7, {READ, WRITE}),
        (None, {READ, WRITE}),
    ],
)
def test_groups_give_scopes(groups: object, scopes: set[Scope]) -> None:
    claims = {"sub": "ann", "cognito:groups": groups}
    assert ClaimRules().caller(claims) == Caller("ann", frozenset(scopes))


@pytest.mark.parametrize("claim", ["scope", "scp"])
def test_scopes_are_a_text(claim: str) -> None:
    caller = ClaimRules(groups_claim=claim).caller({"sub": "ann", claim: "openid image-repo/read"})
    assert caller == Caller("ann", frozenset({READ}))


def test_the_claim_with_the_groups_and_what_holds_without_them_can_be_chosen() -> None:
    rules = ClaimRules(groups_claim="permissions", default=frozenset())
    none = Caller("ann", frozenset())
    assert rules.caller({"sub": "ann"}) == none
    assert rules.caller({"sub": "ann", "cognito:groups": ["image-repo-admin"]}) == none
    assert rules.caller({"sub": "ann", "permissions": ["image-repo:read"]}) == Caller(
        "ann", frozenset({READ})
    )


@pytest.mark.parametrize("verified", [True, "true"])
def test_a_verified_address_may_name_the_owner(verified: object) -> None:
    claims = {"sub": "7", "email": "ann@example.org", "email_verified": verified}
    caller = ClaimRules(owner_claim="email").caller(claims)
    assert caller and caller.owner == "ann@example.org"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"email": ""},
        {"email": 7},
        {"email": ["ann@example.org"]},
        {"email": "ann@example.org"},
        {"email": "ann@example.org", "email_verified": False},
        {"email": "ann@example.org", "email_verified": "false"},
        {"email": "ann@example.org", "email_verified": 1.5},
    ],
    ids=str,
)
def test_whoever_has_no_verified_address_is_nobody(claims: dict[str, object]) -> None:
    assert ClaimRules(owner_claim="email").caller({"sub": "7", **claims}) is None
