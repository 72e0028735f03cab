"""What was wrong with a value, in words: the validator's own sentences say "Input should be"."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

SHA256 = r"^[0-9a-fA-F]{64}$"
OWNER = r"^[^/#\x00-\x1f]+$"
_PATTERNS = {
    SHA256: "must be 64 hexadecimal digits",
    OWNER: "must hold neither '/' nor '#' nor control characters",
}
# By pydantic's kinds of errors: https://docs.pydantic.dev/latest/errors/validation_errors/
_WORDS: Mapping[str, str] = {
    "missing": "must be given",
    "extra_forbidden": "is not known here",
    "json_invalid": "must be JSON: {error}",
    "recursion_loop": "is nested too deeply",
    "string_unicode": "must be text in UTF-8",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "value_error": "{error}",
    "assertion_error": "{error}",
    **dict.fromkeys(("string_type", "string_sub_type"), "must be text"),
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "must be a whole number"
    ),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "must be a list"),
    **dict.fromkeys(
        ("model_type", "model_attributes_type", "dict_type", "dataclass_type"), "must be an object"
    ),
}
_UNITS = {"string": "characters", "bytes": "bytes", "too": "entries"}
UNKNOWN = "is not what it can be"


def errors_of(invalid: ValidationError) -> list[ErrorDetails]:
    """Return what was wrong, without what was given, which a person may have written."""
    return invalid.errors(include_url=False, include_input=False)


def worded(error: ErrorDetails) -> str:
    """Return what was wrong, as it goes on behind the field's name."""
    kind, context = error["type"], error.get("ctx", {})
    unit = _UNITS.get(kind.partition("_")[0], "")
    if kind.endswith("too_short"):
        least = context["min_length"]
        return "must not be empty" if least == 1 else f"must have {least} {unit} or more"
    if kind.endswith("too_long"):
        return f"must have {context['max_length']} {unit} at most"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], UNKNOWN)
    return _WORDS.get(kind, UNKNOWN).format_map(context)
