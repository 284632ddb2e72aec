"""Text for terminals: control characters become visible, so that no stored text can command the terminal (CWE-150)."""

import re

# C0 except newline and tab, DEL, C1, and the characters that change the direction of text (Unicode UAX #9, UTS #55).
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PICTURES = 0x2400  # the Unicode pictures of C0: ESC becomes ␛


def has_control_characters(text: str) -> bool:
    """Return True if the text has a character that acts on a terminal."""
    return _UNSAFE.search(text) is not None


def is_text(given: str) -> bool:
    """Return True if the text is encodable as UTF-8 and has no control character."""
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return not has_control_characters(given)


def visible(text: str) -> str:
    """Replace each control character by its picture, or by its code point where Unicode has no picture."""
    return _UNSAFE.sub(lambda found: _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(_PICTURES + code)
    return "␡" if code == 0x7F else f"<U+{code:04X}>"
