"""Column blocks: separators, comments, closing labels, ragged lines; CoNLL-U."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.data.findings import Findings
from mtl_core.data.layout import Layout, Markup
from mtl_core.data.reading import read_rows
from mtl_core.data.reading.conll import comment_of
from mtl_core.data.spans import to_bio
from mtl_core.errors import DataError

from .conftest import SHARED


def read(tmp_path, text, **layout):
    """The columns of the rows of a file with this text, and what was told."""
    file = tmp_path / "t.conll"
    file.write_text(text, encoding="utf-8", newline="")
    told = Findings()
    rows = read_rows(file, Layout(kind=layout.pop("kind", "conll"), **layout), tell=told)
    return [row.columns for row in rows], list(told)


WT = ("w", "t")
TWO = [{"w": ["a", "b"], "t": ["X", "Y"]}, {"w": ["c"], "t": ["Z"]}]


@pytest.mark.parametrize(
    "text",
    [
        "a X\nb Y\n\nc Z\n",
        "a\tX\nb\tY\n\t\nc\tX".replace("c\tX", "c\tZ"),
        "a X \nb Y \n \n\n \nc Z ",
        "a  X\r\nb\t Y\r\n\r\nc X\r\n".replace("c X", "c Z"),
        "-DOCSTART- -X-\n\na X\nb Y\n-DOCSTART- -X- O O\nc Z",
        "-DOCSTART-\na X\nb Y\n\t\t\t\n\n-DOCSTART- (doc 7)\n\nc Z\n\n",
        "#begin document (x); part 000\na X\nb Y\n\n#end document\n#begin document (y)\nc Z\n",
        "a X extra\nb Y more\n\nc Z column\n",
    ],
)
def test_blocks_come_out_the_same_however_they_are_parted(tmp_path, text):
    assert read(tmp_path, text, columns=WT) == (TWO, [])


@pytest.mark.parametrize("delimiter", ["\t", "|", " ", "####", ","])
def test_any_delimiter_parts_the_columns(tmp_path, delimiter):
    text = "a X\nb Y\n\nc Z\n".replace(" ", delimiter)
    assert read(tmp_path, text, columns=WT, delimiter=delimiter) == (TWO, [])


def test_columns_without_names_are_numbered(tmp_path):
    rows, told = read(tmp_path, "a X 1\nb Y 2\n")
    assert rows == [{"0": ["a", "b"], "1": ["X", "Y"], "2": ["1", "2"]}] and not told


def test_tabs_part_words_that_hold_blanks(tmp_path):
    text = "New York\tX\n \tO\n\tO\nno\u00a0break\tO\nb\tY\n"
    for layout in ({"columns": WT}, {"columns": WT, "delimiter": "\t"}):
        (row,), told = read(tmp_path, text, **layout)
        assert row["w"] == ["New York", " ", "", "no\u00a0break", "b"] and not told
        assert row["t"] == ["X", "O", "O", "O", "Y"]
    (row,), _ = read(tmp_path, text)
    assert row["0"][0] == "New York"


def test_blanks_around_one_tab_still_part_three_columns(tmp_path):
    (row,), told = read(tmp_path, "a N\tX\nb V\tY\n", columns=("w", "p", "t"))
    assert row == {"w": ["a", "b"], "p": ["N", "V"], "t": ["X", "Y"]} and not told


def test_comments_become_columns_of_the_sentence(tmp_path):
    text = (
        "# id = 7\n# slots: O B-x\n# text = a = b: c\n# a remark that says nothing: more\n#\n"
        "#key=1\n# w = clash\na X\n# t: late\nb Y\n\nc Z\n"
    )
    for written in (
        text,
        text.replace("a X", "a\tX").replace("b Y", "b\tY").replace("c Z", "c\tZ"),
    ):
        rows, told = read(tmp_path, written, columns=WT)
        assert rows[0] == {
            **TWO[0], "id": "7", "slots": "O B-x", "text": "a = b: c", "key": "1", "# w": "clash",
            "# t": "late",
        }  # fmt: skip
        assert rows[1] == TWO[1]


@pytest.mark.parametrize("gap", [" ", "\t"])
@pytest.mark.parametrize("delimiter", [False, True])
def test_a_word_may_be_a_number_sign(tmp_path, gap, delimiter):
    lines = ["a X Y", "# # O", "#tag X Y", "## X Y", "# = O", "# : O", "#a=b X Y"]
    text = "\n".join([*lines, "", *reversed(lines), "", *lines[1:]]).replace(" ", gap)
    layout = {"delimiter": gap} if delimiter else {}
    rows, told = read(tmp_path, text, columns=("w", "a", "b"), **layout)
    words = [line.split()[0] for line in lines]
    assert [row["w"] for row in rows] == [words, words[::-1], words[1:]]
    assert all(set(row) == {"w", "a", "b"} for row in rows) and not told


def test_remarks_before_every_sentence_may_be_as_wide_as_words(tmp_path):
    text = "-DOCSTART- O\n\n" + "".join(f"# {i}\na X\n# Y\n\n" for i in range(9))
    rows, told = read(tmp_path, text, columns=WT)
    assert rows == [{"w": ["a", "#"], "t": ["X", "Y"]}] * 9 and not told
    rows, _ = read(tmp_path, "# X\na Y\n\n" + "b X\n\n" * 9, columns=WT)
    assert rows[0] == {"w": ["#", "a"], "t": ["X", "Y"]}


def test_a_number_sign_that_lacks_its_tag_is_no_comment(tmp_path):
    rows, told = read(tmp_path, "a\tX\n#hash\n\nb\tY\n\n#hash\nc\tX\n", columns=WT)
    assert [row["w"] for row in rows] == [["b"]]
    assert told[0].count == 2 and told[0].examples == ("#hash",)


@given(st.text("# =:ab", max_size=12))
def test_a_comment_has_a_key(line):
    found = comment_of("#" + line)
    if found is not None:
        key, value = found
        assert key and key == key.strip() and value == value.strip() and "=" not in key


def test_very_long_lines_are_read_at_once(tmp_path):
    text = "# " + "a " * 300_000 + "= 1\n#" + " " * 300_000 + "x\na X\n" + "b" * 300_000 + " Y\n"
    rows, _ = read(tmp_path, text, columns=WT)
    assert len(rows[0]["w"][2]) == 300_000 and len(rows) == 1


def test_a_label_closes_each_block(tmp_path):
    text = "a X\nb Y\nPlay Music\n\nc Z\nStop\n\nd X\n\nAlone\n"
    rows, told = read(tmp_path, text.replace("Play ", "Play"), columns=WT, closing="intent")
    assert rows[:2] == [{**TWO[0], "intent": "PlayMusic"}, {**TWO[1], "intent": "Stop"}]
    assert rows[2] == {"w": ["d"], "t": ["X"]}
    said = {one.code: (one.level, one.place[-7:]) for one in told}
    assert said == {"closing": ("warning", " line 8"[-7:]), "ragged": ("error", "line 10")}
    tabs, _ = read(tmp_path, text.replace(" X", "\tX").replace(" Y", "\tY").replace(" Z", "\tZ"),
                   columns=WT, closing="intent")  # fmt: skip
    assert tabs[0]["intent"] == "Play Music"


def test_a_closing_label_that_the_layout_does_not_name_is_said_so(tmp_path):
    file = tmp_path / "t.conll"
    file.write_text("a X\nb Y\nPlay\n\nc Z\nStop\n")
    with pytest.raises(DataError, match=r"line 3: 1 columns where 2 .* set layout.closing"):
        read_rows(file, Layout(kind="conll", columns=WT))


@pytest.mark.parametrize(
    ("text", "said", "cure"),
    [
        (
            "a X\nNew York Y\nb Y\n",
            "line 2: 3 columns where 2 are expected (w, t)",
            "layout.delimiter",
        ),
        ("a X\nb\nc Y\n", "line 2: 1 columns where 2 are expected (w, t)", "layout.columns"),
        ("a X\n\nNew York Y\n\nb Y\n\nc Y", "line 3: 3 columns where 2", "layout.delimiter"),
        ("a\nb\n", "line 1: 1 columns where 2", "layout.columns"),
        ("a\tX\nb\tx\tY\nc\tX\n", "line 2: 3 columns where 2", "layout.columns"),
    ],
)
def test_ragged_lines_are_errors_with_their_cure(tmp_path, text, said, cure):
    file = tmp_path / "t.conll"
    file.write_text(text)
    with pytest.raises(DataError) as caught:
        read_rows(file, Layout(kind="conll", columns=WT))
    assert said in str(caught.value) and cure in str(caught.value)


def test_a_ragged_block_is_left_out_and_the_others_stay(tmp_path):
    rows, told = read(tmp_path, "a X\nb\n\nc Z\n\nNew York X\nd X\n\ne X\n", columns=WT)
    assert [row["w"] for row in rows] == [["c"], ["e"]]
    assert [(one.code, one.count, one.examples) for one in told] == [
        ("ragged", 2, ("b", "New York X"))
    ]


def test_blocks_may_have_columns_of_their_own_behind_the_named_ones(tmp_path):
    text = "a X 1 2\nb Y 1 2\n\nc X 1\nd Y 1\n\ne X 1 2\nf Y 1 2\n"
    rows, told = read(tmp_path, text, columns=("w", "t", "p"))
    assert [row["w"] for row in rows] == [["a", "b"], ["c", "d"], ["e", "f"]] and not told


def test_delimiters_at_the_end_of_lines_make_no_columns(tmp_path):
    rows, told = read(tmp_path, "a\tX\nb\tY\t\t\n\nc\tZ\n", columns=WT, delimiter="\t")
    assert (rows, told) == (TWO, [])


CONLLU = """# newdoc id = n1
# sent_id = s-1
# text = vámonos al mar
1-2\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tvamos\tir\tVERB\t_\tMood=Imp|Number=Plur\t0\troot\t_\t_
2\tnos\tnosotros\tPRON\t_\tCase=Acc\t1\tobj\t_\t_
2.1\tempty\t_\t_\t_\t_\t_\t_\t_\t_
3\tNew York\tmar\t_\t_\t_\t1\tobl\t_\tSpaceAfter=No

# sent_id = s-2
# newpar
1\t#\t#\tSYM\t_\t_\t0\troot\t_\t_
"""


def test_conllu_leaves_out_ranges_and_empty_nodes(tmp_path):
    markup = {"feats": Markup(kind="features", keys=("Case",))}
    rows, told = read(tmp_path, CONLLU, kind="conllu", markup=markup)
    assert rows[0]["form"] == ["vamos", "nos", "New York"] and rows[0]["id"] == ["1", "2", "3"]
    assert rows[0]["upos"] == ["VERB", "PRON", "_"]
    assert rows[0]["feats.Case"] == ["_", "Acc", "_"]
    assert [rows[0][key] for key in ("newdoc id", "sent_id", "text")] == [
        "n1",
        "s-1",
        "vámonos al mar",
    ]
    assert rows[1]["form"] == ["#"] and rows[1]["sent_id"] == "s-2" and "text" not in rows[1]
    assert len(rows) == 2 and not told
    # The same in a file of columns whose first one is the id, as entity layers over treebanks are.
    named, _ = read(tmp_path, CONLLU, columns=("id", "form"))
    assert [row["form"] for row in named] == [row["form"] for row in rows]


def test_conllu_plus_names_its_columns(tmp_path):
    text = "# global.columns = ID FORM MY:TAG\n# sent_id = 1\n1\ta\tX\n2\tb\tY\n"
    rows, _ = read(tmp_path, text, kind="conllu")
    assert rows[0]["my:tag"] == ["X", "Y"] and rows[0]["sent_id"] == "1"


def test_a_conllu_line_that_is_cut_short_is_an_error_with_its_line(tmp_path):
    rows, told = read(tmp_path, CONLLU + "\n1\tcut\tcu\n", kind="conllu")
    assert len(rows) == 2 and told[0].place.endswith("line 14")
    assert "3 columns where 10 are expected" in told[0].what


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Zl", "Zp", "Zs", "Cc"]), min_size=1, max_size=3
)


@given(
    blocks=st.lists(
        st.lists(st.tuples(WORDS, st.sampled_from(["O", "B-x", "#", "="])), min_size=1, max_size=4),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_what_is_written_with_tabs_is_read_again(tmp_path_factory, blocks):
    text = "\n\n".join("\n".join("\t".join(cells) for cells in block) for block in blocks)
    rows, told = read(tmp_path_factory.getbasetemp(), text, columns=WT, delimiter="\t")
    expected = [block for block in blocks if not block[0][0].startswith("-DOCSTART-")]
    assert [list(zip(row["w"], row["t"], strict=True)) for row in rows] == expected and not told


@pytest.mark.skipif(not (SHARED / "formats").is_dir(), reason="no real corpora in ../shared")
@pytest.mark.parametrize(
    ("file", "split", "layout", "pairs"),
    [
        ("conll2000/test.txt", "conll2000/test", {"columns": ("tokens", "pos", "chunk")}, ("pos", "chunk")),
        ("btc/btc.dev", "btc/validation", {"columns": ("tokens", "ner"), "delimiter": "\t"}, ("ner",)),
        ("wnut17/emerging.test.annotated", "wnut17/test", {"columns": ("tokens", "ner")}, ("ner",)),
        ("cais/dev.txt", "cais/validation", {"columns": ("tokens", "slots", "seg"), "closing": "intent"}, ("slots", "seg", "intent")),
        ("uner_zh/zh_gsd-ud-dev.iob2", "uner_zh/validation", {"columns": ("id", "tokens", "ner")}, ("ner",)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_real_files_give_the_converted_rows(file, split, layout, pairs):
    told = Findings()
    path = SHARED / "formats" / f"{file}.gz"
    rows = read_rows(path, Layout(kind="conll", **layout), tell=told)
    with gzip.open(SHARED / "data" / f"{split}.jsonl.gz", "rt", encoding="utf-8") as lines:
        expected = [json.loads(line) for line in lines]
    assert [row.columns["tokens"] for row in rows] == [row["tokens"] for row in expected]
    for name in pairs:
        found = [row.columns[name] for row in rows]
        if name in ("ner", "chunk", "slots"):
            found = [to_bio(tags) for tags in found]
        assert found == [row[name] for row in expected], name
    assert not list(told)
