"""How file systems compare names."""

import unicodedata


def folded_file_name(name: str) -> str:
    """Write a name as a file system compares it that folds case or normalises."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def same_file_name(one: str, other: str) -> bool:
    """Tell whether two names are one to such a file system."""
    return folded_file_name(one) == folded_file_name(other)
