"""``pseudo``: caption photographs that nobody captioned, for ``train`` to learn from."""

from argparse import Namespace

from training.dataset import list_photographs
from training.logs import bar
from training.pseudo import write_pseudo


def run(options: Namespace) -> None:
    """Write the captions that are kept, and say how many photographs have any."""
    chosen = {"least": options.least, "beam": options.beam, "workers": options.workers}
    with bar("captioning", len(list_photographs(options.extra))) as advance:
        by_name = write_pseudo(
            options.bundles, options.extra, options.out, **chosen, progress=advance
        )
    some, captions = sum(map(bool, by_name.values())), sum(map(len, by_name.values()))
    print(f"{captions:,} captions of {some:,} of {len(by_name):,} photographs kept")
