"""Bytes to text, whatever they are: what had to be mended is told, and nothing is dropped silently."""

import codecs
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from mtl_core.data.findings import EXAMPLES, Finding, Level
from mtl_core.errors import DataError

from .contract import Source, shortened
from .encodings import WINDOWS, guessed, is_utf8
from .lines import Lines, uncut

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NUL_SHARE = 0.2  # a text with more of them is none, or is UTF-16
_BEYOND_ASCII = re.compile("[\u0080-\ud7ff\ue000-\ufffc\U00010000-\U0010ffff]")
"""Signs that show a line to be UTF-8; U+FFFD shows only that it once was something else."""
_CUT = re.compile("[\udcc2-\udcf4][\udc80-\udcbf]+|[\udcc2-\udcf4](?=\r?\\Z)")
"""The beginning of a sign of several bytes, as `surrogateescape` leaves it."""
_ESCAPED = re.compile("[\udc80-\udcff]+")


def decoded(source: Source, raw: Iterator[bytes], longest: int) -> Iterator[str]:
    """Text in blocks of whole lines. Raises DataError where a line has more than `longest` bytes.

    Without `layout.encoding` it is what the byte order mark says, else UTF-8; there a line that is
    not UTF-8 is read as Windows-1252, or as what most such lines of the file probably are.
    """
    decoder = _Decoder(source, strictly=bool(source.layout.encoding))
    for lines in uncut(source, _in_utf8(source, raw), decoder.text, longest, at_least=0):
        text = lines.text()
        lines.let_go()
        yield text


def before_decoding(
    source: Source, raw: Iterator[bytes], longest: int, at_least: int
) -> Iterator[Lines]:
    """The same as `decoded` will say it, in blocks of so many bytes; see `uncut`."""
    decoder = _Decoder(source, strictly=bool(source.layout.encoding))
    return uncut(source, _in_utf8(source, raw), decoder.text, longest, at_least)


def _in_utf8(source: Source, raw: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes in UTF-8 as far as they are, with newlines as line ends, without a mark before."""
    first = next(raw, b"")
    raw = chain((first,), raw)
    marked = next((name for mark, name in _MARKS if first.startswith(mark)), "utf-8")
    encoding = source.layout.encoding or marked
    if _codec(source, encoding) != "utf-8":
        raw = _as_utf8(source, encoding, raw)
    return _begun(source, raw)


def _codec(source: Source, encoding: str) -> str:
    """The usual name of an encoding. Raises DataError where there is no such."""
    try:
        b"a".decode(encoding, "replace")  # refuses what is no encoding of text
        codecs.getincrementaldecoder(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError) as err:
        raise DataError(
            f"{source.address}: there is no encoding '{encoding}'; set layout.encoding to utf-8, "
            "cp1252, gb18030, shift_jis, ..."
        ) from err


def _as_utf8(source: Source, encoding: str, raw: Iterator[bytes]) -> Iterator[bytes]:
    """The same text in UTF-8. What does not belong to the encoding is told as an error."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    for block in chain(raw, (b"",)):
        state = decoder.getstate()
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeError as err:
            forgiving = codecs.getincrementaldecoder(encoding)("replace")
            forgiving.setstate(state)
            try:
                text = forgiving.decode(block, final=not block)
            except UnicodeError:
                raise DataError(f"{source.address}: cannot be read as {encoding} ({err})") from err
            decoder.setstate(forgiving.getstate())
            place = line + text[: max(text.find("\ufffd"), 0)].count("\n")
            source.say(
                "encoding",
                "error",
                f"bytes that are not {encoding}",
                "correct layout.encoding in the card, or the file",
                place,
            )
        line += text.count("\n")
        if text:
            yield text.encode("utf-8", "replace")


def _begun(source: Source, raw: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks with newlines as line ends, without the mark of the byte order."""
    first = next(raw, b"").removeprefix(codecs.BOM_UTF8)
    nul = first.count(b"\0") if b"\0" in first else 0  # counting takes its time
    if nul > 8 and nul > _NUL_SHARE * len(first):
        wide = "utf-16-le" if first[1::2].count(b"\0") > nul // 2 else "utf-16-be"
        raise DataError(
            f"{source.address}: no text ({nul} of its first {len(first)} bytes are 0); name a text "
            f"file, or set layout.encoding to {wide} if it is one"
        )
    blocks = chain((first,) if first else (), raw)
    if b"\n" in first or b"\r" not in first[:-1]:
        yield from blocks
        return
    source.say("newlines", "note", "lines end with carriage returns, as on old Macs")
    for block in blocks:
        yield block.replace(b"\r", b"\n")


@dataclass
class _Decoder:
    """UTF-8 to text, block by block."""

    source: Source
    strictly: bool  # the encoding was named: what is not UTF-8 is an error
    line: int = 1  # the first one of the block
    other: str = ""  # what lines are read as that are not UTF-8; empty: not yet known
    _faults: dict[str, list[tuple[Finding, str]]] = field(default_factory=lambda: defaultdict(list))

    def text(self, block: bytes, line: int) -> str:
        """A block of whole lines as text; the first one has this number."""
        self.line = line
        nul = block.count(b"\0")
        if nul:
            self._tell(
                Finding("nul", "warning", "bytes of value 0, removed", count=nul),
                block.index(b"\0"),
                block,
            )
            block = block.replace(b"\0", b"")
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError:
            text = self._mended(block)
        if not text.isascii():
            text = self._tidied(text)
        return text

    def _mended(self, block: bytes) -> str:
        """A block of which some lines are not UTF-8."""
        lines = block.split(b"\n")
        if not self.strictly:
            self.other = self.other or self._likely(lines)
        read = self._strict if self.strictly else self._read
        text = "\n".join(read(number, line) for number, line in enumerate(lines))
        for faults in self._faults.values():
            self.source.tell(_together(faults))
        self._faults.clear()
        return text

    def _strict(self, number: int, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as err:
            text = line.decode("utf-8", "replace")
            what = f"not UTF-8 text (byte 0x{line[err.start]:02x})"
            cure = "correct layout.encoding in the card, or the file"
            self._say("encoding", "error", what, cure, number, text)
            return text

    def _read(self, number: int, line: bytes) -> str:
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as err:
            bad = line[err.start]
        if self.other != WINDOWS.name:
            return line.decode(self.other, "replace")
        text = line.decode("utf-8", "surrogateescape")
        if not _BEYOND_ASCII.search(text):
            text = WINDOWS.text(line)
            what = f"not UTF-8 text (byte 0x{bad:02x}); read as Windows-1252"
            cure = "convert the file to UTF-8, or set layout.encoding in the card"
            self._say("encoding", "warning", what, cure, number, text)
            return text
        # UTF-8 otherwise: a sign that was cut, or single bytes of Windows-1252 in between.
        whole = _CUT.sub("\ufffd", text)
        text = _ESCAPED.sub(lambda m: WINDOWS.text(m[0].encode("utf-8", "surrogateescape")), whole)
        what = f"a damaged sign in UTF-8 text (byte 0x{bad:02x})"
        self._say("damaged", "warning", what, "correct the line", number, text)
        return text

    def _likely(self, lines: list[bytes]) -> str:
        """What the lines are that are not UTF-8, judged by the first block that holds such."""
        bad = [line for line in lines if not is_utf8(line)]
        good = sum(not line.isascii() for line in lines) - len(bad)
        name = guessed(b"\n".join(bad)) if len(bad) > good else ""
        if name:
            first = next(number for number, line in enumerate(lines) if not is_utf8(line))
            what = f"most lines beyond ASCII are not UTF-8 but look like {name}"
            cure = f"set layout.encoding to {name} in the card"
            example = lines[first].decode(name, "replace")
            self._say("other encoding", "error", what, cure, first, example)
        return name or WINDOWS.name

    def _tidied(self, text: str) -> str:
        """The text without byte order marks inside; what else is odd in it is told."""
        for sign, code, what in (
            ("\ufeff", "byte order mark", "byte order marks inside the text, removed"),
            ("\ufffd", "replacement sign", "signs that were lost before (U+FFFD)"),
        ):
            if sign in text:
                finding = Finding(code, "note", what, count=text.count(sign))
                self._tell(finding, text.index(sign), text)
        return text.replace("\ufeff", "")

    def _tell(self, finding: Finding, place: int, block: bytes | str) -> None:
        """Tell what was found at a place of the block."""
        before = block[:place]
        newline = b"\n" if isinstance(before, bytes) else "\n"
        line = self.line + before.count(newline)  # type: ignore[arg-type]
        where = f"{self.source.address} line {line}"
        self.source.tell(
            Finding(finding.code, finding.level, finding.what, "", where, finding.count)
        )

    def _say(
        self, code: str, level: Level, what: str, cure: str, number: int, example: str
    ) -> None:
        """Note a fault in a line of the block; those of one kind are told together at its end."""
        place = f"{self.source.address} line {self.line + number}"
        self._faults[code].append((Finding(code, level, what, cure, place), example))


def _together(faults: list[tuple[Finding, str]]) -> Finding:
    examples = tuple(shortened(text.strip()) for _, text in faults[:EXAMPLES])
    return replace(faults[0][0], count=len(faults), examples=examples)
