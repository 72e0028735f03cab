"""What people do in a history, drawn from its seed."""

from dataclasses import dataclass
from random import Random

OWNERS = ("ann", "bob")
WEIGHTS = {
    "upload": 8,
    "upload_album": 2,
    "upload_again": 2,
    "enter": 3,
    "remove": 2,
    "undelete": 2,
    "purge": 1,
    "delete": 2,
    "trash": 4,
    "restore": 3,
    "edit": 4,
    "recaption": 2,
    "describe": 3,
    "start_import": 2,
    "reindex": 1,
    "roll_back": 2,
    "rebuild": 1,
    "deploy_bundle": 1,
    "change_tokens": 1,
    "look": 5,
    "reconcile": 1,
    "ask_for_a_pass": 1,
    "suffer_an_outage": 1,
}
# Services, and for how many seconds at most they answer nobody.
OUTAGES = (
    ("index", 7_200),
    ("index", 600),
    ("dynamodb", 300),
    ("index", 7_200),
    ("s3", 300),
    ("sqs", 300),
    ("events", 3_600),
)


@dataclass(frozen=True)
class Operation:
    """One thing that somebody does, ``gap`` seconds after the one before it began."""

    kind: str
    owner: str
    number: int
    gap: float


def planned(random: Random) -> list[Operation]:
    """Return what people do in one history: some kinds are left out, and some done often."""
    kinds = [kind for kind in WEIGHTS if kind == "upload" or random.random() < 0.7]
    weights = [WEIGHTS[kind] * random.choice((1, 1, 6)) for kind in kinds]
    chosen = random.choices(kinds, weights, k=random.randint(4, 22))
    pace = random.uniform(-1, 2)
    owners = OWNERS[: random.randint(1, 2)]
    return [
        Operation(
            kind, random.choice(owners), random.randrange(60), 10 ** random.uniform(-2, 1 + pace)
        )
        for kind in chosen
    ]
