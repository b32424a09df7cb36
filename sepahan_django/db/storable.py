"""Texts of strangers, as every database takes them."""


def storable(text: str) -> str:
    """The text without what some databases refuse: NUL, and halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
