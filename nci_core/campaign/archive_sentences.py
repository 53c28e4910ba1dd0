"""What a damaged archive says, in one line that a person can read, however long or odd its own words are."""

from pydantic import ValidationError

#: Characters of a damaged file's own words in a sentence.
LONGEST_QUOTE = 80


def quoted(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Words of a file in one line, cut short, without what moves a terminal's cursor.

    >>> quoted("a\\n\\x1bb"), quoted("long", 2)
    ('a ?b', 'lo…')
    """
    short = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return short if len(short) <= longest else short[:longest] + "…"


def first_problem(error: ValidationError) -> str:
    """What is wrong with the first bad field."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = quoted(".".join(str(part) for part in first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"field {place} is not one that this version of nci knows"
    if first["type"] == "missing":
        return f"it has no {place}"
    message = quoted(first["msg"].removeprefix("Value error, "), 2 * LONGEST_QUOTE)
    return f"{place}: {message}" if place else message
