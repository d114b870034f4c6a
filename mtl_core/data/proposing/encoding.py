"""In which encoding a file is written, as a card would have to say it."""

from mtl_core.data.reading.encodings import WINDOWS, guessed, is_utf8

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip


def encoding_of(start: bytes) -> tuple[str, str]:
    """What a card says under layout.encoding, empty where nothing is needed, and the same in words."""
    for mark, name in _MARKS:
        if start.startswith(mark):
            return "", f"{name.upper()} with a byte order mark"
    nul = start.count(b"\0")
    if nul > 8 and nul > 0.2 * len(start):
        wide = "utf-16-le" if start[1::2].count(b"\0") > nul // 2 else "utf-16-be"
        return wide, wide.upper()
    lines = [line for line in start.split(b"\n")[:-1] or [start] if not line.isascii()]
    bad = [line for line in lines if not is_utf8(line)]
    if not bad:
        return "", "UTF-8" if lines else "ASCII"
    if len(bad) <= len(lines) - len(bad):
        return "", "UTF-8, with some lines that are not"
    name = guessed(b"\n".join(bad)) or WINDOWS.name
    return name, name
