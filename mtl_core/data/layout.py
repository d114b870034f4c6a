"""How the files of a dataset are written, and how its rows are divided into splits.

Parts of a dataset card; only needed where the files themselves do not tell.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from mtl_core.config.parts import Part, option

FileKind = Literal[
    "jsonl", "json", "csv", "tsv", "conll", "conllu", "parquet", "arrow",
    "labelled", "folders", "parallel",
]  # fmt: skip
MarkupKind = Literal[
    "inline", "offsets", "pairs", "prefix", "glued", "json", "list", "features",
]  # fmt: skip


class Markup(Part):
    """What is written inside the cells of one column; it becomes columns of its own.

    With the column called X: `inline`, `offsets` and `pairs` give `X_words` and `X_tags` (BIO tags,
    or the tags as they are written), `prefix` gives `X_prefix`, `glued` gives `X_words` and
    `X_digits`, `list` gives `X_items`, and `json` and `features` give `X.key` for every key.
    """

    kind: MarkupKind = option(
        ...,
        "inline: [label : words] inside a text; offsets: a list of spans given by the places of "
        "their characters; pairs: word and tag glued together; prefix: the part of a label before "
        "a separator; glued: a digit glued to each word; json: an object inside a cell; list: a list inside a cell, "
        "as JSON, Python or numpy writes it; features: "
        "Key=Value at each word, parted by |.",
    )
    text: str = option("", "Column with the text that offsets count in.")
    keys: tuple[str, ...] = option(
        (), "Features that become columns; empty: those that a sentence has."
    )
    separator: str = option(
        "", "What parts word and tag (pairs; empty: =), or label and part (prefix; empty: a colon)."
    )


class Gather(Part):
    """Which rows are one sentence, where each row holds one word."""

    by: str = option(
        ...,
        "Column that tells the sentences apart: another value than in the row before begins one; an "
        "empty cell goes with the row before.",
    )
    columns: tuple[str, ...] = option(
        ...,
        "Columns with something for each word, which become lists; of the others the first row of a "
        "sentence tells.",
        min_length=1,
    )


class Layout(Part):
    """How the files are written."""

    kind: FileKind = option(..., "The format of the files.")
    columns: tuple[str, ...] = option(
        (), "Names of the columns where the file does not name them, or names them otherwise."
    )
    delimiter: str = option(
        "", "What stands between the columns; empty: comma, tab, or any blanks.", max_length=8
    )
    quoting: bool = option(True, "Whether double quotes enclose fields of a CSV or TSV file.")
    header: bool | None = option(
        None,
        "Whether the first line of a CSV or TSV file names its columns; empty: it does, unless "
        "`columns` name them. Where both do, `columns` hold.",
    )
    closing: str = option(
        "", "Column for the label that stands alone in the last line of each block (CoNLL)."
    )
    files: tuple[str, ...] = option(
        (),
        "Endings or names of files that lie line by line beside each other (parallel), one for each "
        "column; a split then names their folder, or what their names have in common, for which a * "
        "may stand in an ending.",
    )
    encoding: str = option(
        "",
        "Encoding of the files; empty: UTF-8, where a line that is none is read as Windows-1252.",
    )
    gather: Gather | None = option(
        None, "Which rows are one sentence, where each row of a table holds one word."
    )
    markup: dict[str, Markup] = option({}, "What is written inside the cells of a column.")

    @model_validator(mode="after")
    def _fits_the_kind(self) -> Self:
        if (self.kind == "parallel") != bool(self.files):
            raise ValueError("parallel files, and only they, are named under files")
        if self.kind == "parallel" and len(self.columns) != len(self.files):
            raise ValueError(
                f"{len(self.files)} parallel files need as many columns, not {len(self.columns)}"
            )
        return self


class _Division(Part):
    """What both ways have in common: the kind is written down, though it is a default."""

    @model_serializer(mode="wrap")
    def _with_kind(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {"kind": self.kind_name(), **written(self)}


class ByColumn(_Division):
    """A column says to which split a row belongs; all rows stand under train."""

    kind: Literal["column"] = "column"
    column: str = option(..., "The column.")
    values: dict[Literal["train", "validation", "test"], str] = option(
        ..., "What stands there for each split.", min_length=2
    )


class AtRandom(_Division):
    """Splits that the files lack are cut off the training rows, the same ones every time.

    Rows with the same text stay together, and labels are spread evenly (stratified).
    """

    kind: Literal["random"] = "random"
    validation: float = option(0.1, "Share that becomes validation data.", ge=0, le=0.5)
    test: float = option(0.0, "Share that becomes test data; 0: no test data.", ge=0, le=0.4)
    by: str = option("", "Column whose labels are spread evenly over the splits; empty: none.")
    seed: int = option(0, "Another seed gives other splits.", ge=0, le=2**31 - 1)


Divide = Annotated[ByColumn | AtRandom, Field(discriminator="kind")]
