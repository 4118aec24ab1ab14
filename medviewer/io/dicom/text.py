"""Text of DICOM headers: Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1), person names without escapes."""

from __future__ import annotations

import re

from medviewer.io.dicom.header import Header

ESCAPE = re.compile("\x1b[\\x20-\\x2f]+[\\x30-\\x7e]")
GUESSES = ("utf-8", "gb18030", "shift_jis", "latin-1")


def decoded(header: Header, keyword: str) -> str | None:
    """The text of an element, or None where it is missing or empty."""
    return decode(header.bytes(keyword), header.text("SpecificCharacterSet"), keyword == "PatientName")


def decode(raw: bytes, charset: str, name: bool = False) -> str | None:
    """Bytes as text by the character set; a wrong or missing one is guessed (UTF-8, GB18030, Shift-JIS, Latin-1)."""
    raw = raw.strip(b" \0")
    if not raw:
        return None
    if raw.isascii() and b"\x1b" not in raw and b"~" not in raw:
        text = raw.decode("ascii")
    else:
        text = _by_charset(raw, [part.strip() for part in charset.split("\\")], name)
    text = ESCAPE.sub("", text).replace("\0", "")
    text = "".join(c for c in text if c.isprintable() or c in "\n\r\t")
    if name:
        text = "=".join(group.strip() for group in text.split("=")).rstrip("=")
    return text.strip() or None


def _by_charset(raw: bytes, terms: list[str], name: bool) -> str:
    if terms == [""]:
        return raw.decode("ascii") if raw.isascii() else _guessed(raw)
    import warnings

    from pydicom import charset as sets

    from medviewer.io.dicom import by_pydicom  # noqa: F401  (keeps pydicom quiet)

    if not any(term in sets.python_encoding for term in terms):
        return _guessed(raw)
    if len(terms) == 1 and terms[0] not in ("ISO_IR 192", "GB18030", "GBK") and _is_utf8(raw):
        return raw.decode(
            "utf-8"
        )  # a single-byte set is claimed, and the text is none: such a match is no chance
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            encodings = sets.convert_encodings(list(terms))
            delimiters = {0x5E, 0x3D} if name else {0x0D, 0x0A, 0x09, 0x0C}
            if name:
                # each component group starts anew with the first character set
                groups = raw.split(b"=")
                text = "=".join(sets.decode_bytes(g, encodings, delimiters) for g in groups)
            else:
                text = sets.decode_bytes(raw, encodings, delimiters)
        except Exception:  # an unknown term: pydicom raises several kinds
            return _guessed(raw)
    return _guessed(raw) if "\ufffd" in text and b"\x1b" not in raw else text


def _is_utf8(raw: bytes) -> bool:
    try:
        return len(raw.decode("utf-8")) < len(raw)
    except UnicodeDecodeError:
        return False


def _guessed(raw: bytes) -> str:
    for encoding in GUESSES:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def date_text(raw: str) -> str | None:
    """DA "20261124" (or the old "2026.11.24") as "2026-11-24"; None for anything else."""
    digits = raw.replace(".", "").replace("-", "")[:8]
    if len(digits) == 8 and digits.isdigit() and "01" <= digits[4:6] <= "12" and "01" <= digits[6:8] <= "31":
        return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"
    return None
