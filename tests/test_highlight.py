"""What users type and how they name labels is shown as text, and does nothing."""

import html
import re
from html.parser import HTMLParser

import pytest

from mtl_core.analysis.colours import PALETTE
from pages._highlight import bars, highlight, palette_colour, safe, tagged

BLUE = PALETTE["light"][0]

PAYLOADS = [
    "<script>alert(1)</script>",
    "<iframe srcdoc=\"<script>parent.document.body.innerHTML=''</script>\"></iframe>",
    "<img src=x onerror=alert(1)>",
    "<style>.stApp{display:none}</style>",
    "</mark></div><style>*{display:none}</style>",
    "<div style='position:fixed;inset:0'>over</div>",
    "<form action=//evil><input name=p></form>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    '<a href="javascript:alert(1)">x</a>',
    "&lt;b&gt; &amp; &#x3C;script&#x3E;",
    "![](//evil/i.png) :red[x] $x$ `y`",
    "\u202eevil\u202c",
    "a\x00b\x08c\ufeff",
    "\U0001f600 \U0001f469\u200d\U0001f4bb caf\u00e9 \u4f60\u597d",
]


class Reader(HTMLParser):
    """The tags, attributes and text of some HTML."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles += [value or "" for name, value in attrs if name == "style"]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(payload: str) -> str:
    return html.unescape(safe(payload))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payloads_are_text_wherever_they_stand(payload: str) -> None:
    words, tags = [payload, "plain", payload], [payload, "NOUN", "X"]
    drawn = [
        highlight(words, [(0, 1, payload), (1, 3, "PER")], {payload: BLUE}, different=[0]),
        highlight(words, [(0, 3, payload)], {payload: payload}),
        tagged(words, tags, payload, different=[2]),
        bars([(payload, 0.7), ("other", 0.3)], BLUE, different=True),
    ]
    for source in drawn:
        page = Reader(source)
        assert page.tags <= {"div", "mark", "span", "u"}
        assert page.attributes <= {"dir", "style"}
        assert seen(payload) in page.text
        assert not any("url(" in style or payload in style for style in page.styles)


def test_escaping_is_exact_but_for_what_cannot_be_seen() -> None:
    assert html.unescape(safe("<b>\"'&amp;\U0001f600")) == "<b>\"'&amp;\U0001f600"
    assert safe("a\u202eb\x00") == "a\ufffdb\ufffd"
    assert safe("\U0001f469\u200d\U0001f4bb") == "\U0001f469\u200d\U0001f4bb"


def test_colours_come_only_from_the_palette() -> None:
    assert palette_colour(BLUE) == BLUE
    assert palette_colour("red;background:url(//evil)") == "#808080"
    found = re.findall(r"#[0-9a-f]+", highlight(["Ada"], [(0, 1, "PER")], {"PER": "#123456"}))
    assert set(found) <= {"#808080", "#8080802b"}


def text_of(source: str) -> str:
    return Reader(source).text


def test_words_are_joined_as_people_write_them() -> None:
    words = ["Ada", "(", "born", "1815", ")", "met", "Tim", ",", "twice", "."]
    drawn = highlight(words, [(0, 1, "PER"), (6, 7, "PER")], {"PER": BLUE})
    assert text_of(drawn) == "Ada (PER) (born 1815) met Tim (PER), twice."
    assert drawn.count("<mark") == 2


def test_chinese_has_no_blanks() -> None:
    words = ["我", "爱", "北", "京", "。", "Python", "好"]
    assert text_of(highlight(words, [(2, 4, "LOC")], {})) == "我爱北京 (LOC)。 Python 好"
    assert text_of(highlight(words, [(2, 4, "LOC")], {}, joiner="")) == "我爱北京 (LOC)。Python好"


@pytest.mark.parametrize(
    "spans",
    [[(0, 2, "A"), (1, 3, "B")], [(-3, 2, "A"), (5, 9, "B")], [(0, 2, "A"), (1, 1, "B")]],
)
def test_spans_that_overlap_or_leave_the_sentence_do_no_harm(
    spans: list[tuple[int, int, str]],
) -> None:
    drawn = highlight(["one", "two", "three"], spans, {})
    assert text_of(drawn) == "one two (A) three" and drawn.count("<mark") == 1


def test_nothing_is_drawn_as_nothing() -> None:
    assert text_of(highlight([], [], {})) == ""
    assert text_of(tagged([], [], BLUE)) == ""
    assert text_of(bars([], BLUE)) == ""


def test_differences_are_underlined() -> None:
    drawn = highlight(["a", "b", "c"], [(0, 2, "X")], {}, different=[1])
    assert re.findall(r"<u [^>]*>(\w)</u>", drawn) == ["b"]
    assert re.findall(
        r"<u [^>]*>(\w)</u>", tagged(["a", "b"], ["X", "Y"], BLUE, different=[0])
    ) == ["a"]


def test_every_word_carries_its_tag() -> None:
    assert text_of(tagged(["We", "ran"], ["PRON", "VERB"], BLUE)) == "We (PRON)ran (VERB)"


def test_bars_keep_within_bounds() -> None:
    drawn = bars([("a", 1.7), ("b", -1.0), ("c", float("nan"))], BLUE)
    assert re.findall(r"width:([\d.]+)%", drawn) == ["100.0", "0.0", "0.0"]


def test_a_long_sentence_is_drawn_quickly() -> None:
    words = ["word"] * 10_000
    drawn = highlight(words, [(i, i + 1, "X") for i in range(0, 10_000, 2)], {"X": BLUE})
    assert drawn.count("<mark") == 5_000
