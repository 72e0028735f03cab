"""What the console plots: found by regular expressions in the lines that the steps print."""

_NUMBER = "([0-9.e+-]+)"
_DEV, _EVERYDAY = (f'"split": "{name}".*' for name in ("dev", "everyday-dev"))

METRICS: dict[str, str] = {
    "distil:seen": f'"seen": {_NUMBER}, "size"',
    "distil:explained": f'"explained": {_NUMBER}',
    "distil:pooled": f'"pooled": {_NUMBER}',
    "distil:same_class": f'"same_class": {_NUMBER}',
    "distil:word_map": f'"word_map": {_NUMBER}',
    "space:loss": f'"loss": {_NUMBER}, "r1"',
    "space:text_to_image_r10": f'"epoch": .*"r10": {_NUMBER}',
    "language:dev_perplexity": f'"dev_perplexity": {_NUMBER}',
    "decoder:loss": f'"loss": {_NUMBER}, "dev_cider"',
    "decoder:dev_cider": f'"dev_cider": {_NUMBER}',
    "decoder:everyday_cider": f'"everyday_cider": {_NUMBER}',
    "decoder:reward": f'"reward": {_NUMBER}',
    "dev:cider": f'{_DEV}"cider": {_NUMBER}',
    "dev:bleu1": f'{_DEV}"bleu1": {_NUMBER}',
    "dev:bleu4": f'{_DEV}"bleu4": {_NUMBER}',
    "dev:text_to_image_r1": f'{_DEV}"text_to_image_r1": {_NUMBER}',
    "dev:text_to_image_r5": f'{_DEV}"text_to_image_r5": {_NUMBER}',
    "dev:text_to_image_r10": f'{_DEV}"text_to_image_r10": {_NUMBER}',
    "dev:text_to_image_median_rank": f'{_DEV}"text_to_image_median_rank": {_NUMBER}',
    "everyday:cider": f'{_EVERYDAY}"cider": {_NUMBER}',
    "everyday:text_to_image_r10": f'{_EVERYDAY}"text_to_image_r10": {_NUMBER}',
}
"""Name in CloudWatch to regular expression, whose group is the value."""
