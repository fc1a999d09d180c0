"""Which language the window shows now. Apart from `translation`, which changes it, so that every widget may ask."""

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}

_language = "en"


def current_language() -> str:
    """The code of the language that is shown: a key of LANGUAGES."""
    return _language


def note_language(code: str) -> None:
    """For `translation.show_language` alone."""
    global _language  # noqa: PLW0603  one language is shown by one program
    _language = code
