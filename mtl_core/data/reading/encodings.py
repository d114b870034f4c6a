"""Which encoding bytes are probably in, where they are not UTF-8."""

import codecs
import re
from dataclasses import dataclass

SAMPLE = 1 << 16
"""Bytes that are looked at."""
_RUN = re.compile(rb"[\x80-\xff]+")


class WINDOWS:
    """Windows-1252, and Latin-1 for the five bytes that it does not define: it reads anything."""

    name = "cp1252"
    _signs = "".join(
        bytes([i]).decode("latin-1" if i in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252")
        for i in range(256)
    )

    @classmethod
    def text(cls, line: bytes) -> str:
        """The line as text."""
        return codecs.charmap_decode(line, "strict", cls._signs)[0]


@dataclass(frozen=True)
class _Candidate:
    """An encoding, the signs that usual text in it mostly has, and how large their share is then."""

    name: str
    usual: re.Pattern[str]
    share: float
    leads: bytes = b""  # of the two bytes of usual Chinese signs, the first


_HAN = re.compile("[\u4e00-\u9fff]")
_CANDIDATES = (
    # In this order: Korean text is valid GB 18030, and hiragana stand at the same place in both.
    _Candidate("euc_kr", re.compile("[\uac00-\ud7a3]"), 0.9),
    _Candidate("shift_jis", re.compile("[\u3040-\u30fc]"), 0.25),
    _Candidate("euc_jp", re.compile("[\u3040-\u30fc]"), 0.25),
    _Candidate("gb18030", _HAN, 0.7, bytes(range(0xB0, 0xD8))),
    _Candidate("big5", _HAN, 0.7, bytes(range(0xA4, 0xC7))),
    _Candidate("cp1251", re.compile("[а-яё]"), 0.7),
    _Candidate("koi8_r", re.compile("[а-яё]"), 0.7),
)
_JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uff60]")


def guessed(data: bytes) -> str:
    """The encoding of lines that are not UTF-8; empty where it is likely a Western European one.

    A guess by the signs that usual text has most of. East Asian and Cyrillic texts have their bytes
    beyond ASCII in runs, Western European ones have them one by one.
    """
    sample = data[: data.rfind(b"\n", 0, SAMPLE) + 1] or data[:SAMPLE]
    runs = _RUN.findall(sample)
    if sum(len(run) > 1 for run in runs) * 2 < len(runs):
        return ""
    return next((c.name for c in _CANDIDATES if _fits(c, sample)), "")


def _fits(candidate: _Candidate, sample: bytes) -> bool:
    try:
        text = sample.decode(candidate.name)
    except UnicodeDecodeError:
        return False
    signs = [sign for sign in text if sign.isalpha() and not sign.isascii()]
    usual = sum(1 for sign in signs if _is_usual(candidate, sign))
    if candidate.name in ("shift_jis", "euc_jp"):
        japanese = sum(1 for sign in signs if _JAPANESE.match(sign))
        if japanese < 0.95 * len(signs):
            return False
    return bool(signs) and usual >= candidate.share * len(signs)


def _is_usual(candidate: _Candidate, sign: str) -> bool:
    if not candidate.usual.match(sign):
        return False
    coded = sign.encode(candidate.name) if candidate.leads else b""
    return not coded or (len(coded) == 2 and coded[0] in candidate.leads and _low(candidate, coded))


def _low(candidate: _Candidate, coded: bytes) -> bool:
    """Whether a sign stands in the first plane: GB 2312 has no trail bytes below 0xA1."""
    return candidate.name != "gb18030" or coded[1] >= 0xA1


def is_utf8(line: bytes) -> bool:
    """Whether some bytes are UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
