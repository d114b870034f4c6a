"""One task's answer as HTML: labels, bars, a value on its range, or words with their marks."""

from collections.abc import Sequence

from mtl_core.predict.answers import Answer
from pages._highlight import bars, highlight, palette_colour, safe, tagged
from pages._ui import chip, colour, counted

TOP = 5


def head(task: str, answer: Answer) -> str:
    """The task's name, and how sure the model is of its words on average."""
    sure = ""
    if answer.confidence:
        mean = sum(answer.confidence) / len(answer.confidence)
        found = counted(len(answer.spans), "span") + " · " if answer.kind == "spans" else ""
        sure = f"{found}{100 * mean:.0f} % sure on average"
    elif answer.kind == "multilabel":
        sure = f"{counted(len(answer.labels), 'label')} of {len(answer.probabilities)}"
    return (
        '<div style="display:flex;justify-content:space-between;gap:1rem;margin-bottom:.6rem">'
        f'<strong>{chip(task)}</strong><span style="opacity:.75;font-size:.85rem">{sure}</span></div>'
    )


def drawn(words: Sequence[str], answer: Answer, other: Answer | None) -> str:
    """The answer as HTML; what the other model answers differently is underlined."""
    shade = colour(answer.task)
    if answer.kind == "regression":
        return _value(answer, shade)
    first = list(answer.probabilities.items())[:TOP]
    if answer.kind == "multilabel":
        return _labels(answer, other, shade) + bars(first, shade)
    if answer.kind == "classification":
        return bars(first, shade, different=differs(answer, other))
    read = words[: len(answer.tags)]
    different = _different_words(answer, other)
    if answer.kind == "spans":
        shades = {label: shade for _, _, label in answer.spans}
        return highlight(read, answer.spans, shades, different=different)
    return tagged(read, answer.tags, shade, different=different)


def differs(answer: Answer, other: Answer | None) -> bool:
    """Whether the two models disagree; values only differ by degrees, so they never do."""
    if other is None:
        return False
    return (answer.label, sorted(answer.labels)) != (other.label, sorted(other.labels)) or bool(
        _different_words(answer, other)
    )


def _different_words(answer: Answer, other: Answer | None) -> set[int]:
    if other is None:
        return set()
    pairs = zip(answer.tags, other.tags, strict=False)
    return {i for i, (one, two) in enumerate(pairs) if one != two}


def _labels(answer: Answer, other: Answer | None, shade: str) -> str:
    """The chosen labels side by side; "none" where there is none, which is an answer too."""
    unlike = set(answer.labels) - set(other.labels) if other else set()
    edge = palette_colour(shade)
    shown = [
        f'<span style="border:1.5px solid {edge};border-radius:1em;padding:.1em .7em;'
        f'background:{edge}22;overflow-wrap:anywhere">{_marked(label, label in unlike)}</span>'
        for label in answer.labels
    ]
    none = _marked("none of the labels", bool(other and other.labels))
    body = "".join(shown) or f'<span style="opacity:.75">{none}</span>'
    return f'<div style="display:flex;flex-wrap:wrap;gap:.4rem;margin-bottom:.8rem">{body}</div>'


def _marked(text: str, different: bool) -> str:
    """The text, underlined where the other model disagrees."""
    return highlight([text], [], {}, different={0}) if different else safe(text)


def _value(answer: Answer, shade: str) -> str:
    """The number, and where it lies on its range."""
    width = answer.high - answer.low
    share = 100 * min(1.0, max(0.0, (answer.value - answer.low) / width)) if width else 0.0
    edge = palette_colour(shade)
    return (
        f'<div style="font-size:1.6rem;font-weight:600;font-variant-numeric:tabular-nums">'
        f"{answer.value:.2f}</div>"
        '<div style="display:grid;grid-template-columns:auto 1fr auto;gap:.6rem;max-width:44rem;'
        f'align-items:center;font-size:.85rem"><span>{answer.low:g}</span>'
        f'<span style="display:block;background:{edge}22;border-radius:4px;height:.7rem">'
        f'<span style="display:block;width:{share:.1f}%;min-width:2px;height:100%;'
        f'border-radius:4px;background:{edge}"></span></span><span>{answer.high:g}</span></div>'
    )
