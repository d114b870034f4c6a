"""How a page shows the truth about data: every finding is there, and user text does nothing."""

from streamlit.testing.v1 import AppTest

from mtl_core.data.truth import report


def findings_script() -> None:
    from mtl_core.data.findings import Finding
    from pages._truth import show_findings

    bad = "<img src=x onerror=alert(1)> *a*"
    many = [Finding("x", "warning", f"warning {i}") for i in range(8)]
    show_findings(
        [Finding("n", "note", "a note"), *many, Finding("e", "error", bad, bad, bad, 9, (bad,))]
    )


def report_script(folder: str) -> None:
    from pathlib import Path

    from mtl_core.data.catalog import load_card
    from mtl_core.data.truth import report
    from pages._truth import show_truth

    dataset = load_card(Path(folder))
    other = load_card(Path(folder))
    tasks = list(dataset.card.tasks)
    show_truth(report([(dataset, tasks), (other, tasks)], max_words=6))


def nothing_script() -> None:
    from pages._truth import show_findings

    show_findings([])


def test_findings_are_listed_the_gravest_first_and_text_is_escaped():
    app = AppTest.from_function(findings_script).run()
    assert not app.exception, app.exception
    (html,) = [element.proto.body for element in app.get("html")]
    assert "<img" not in html and html.count("&lt;img src=x onerror=alert(1)&gt; *a*") == 4
    assert html.index("Error") < html.index("Warning 0") < html.index("Note<")
    assert "3 warnings, 1 note more" in html and "1 example of 9" in html


def test_a_report_shows_its_facts(tiny):
    app = AppTest.from_function(report_script, args=(str(tiny.path.parent),)).run()
    assert not app.exception, app.exception
    texts, labels, words = (frame.value for frame in app.dataframe)
    assert len(texts) == 6 and len(labels) == 18 and len(words) == 2
    found = report([(tiny, ["mood"])])
    assert texts["texts"].tolist()[:3] == [fact.rows for fact in found.texts]
    assert texts["cut"].sum() > 0


def test_nothing_doubtful_is_said_too():
    app = AppTest.from_function(nothing_script).run()
    assert [box.value for box in app.success] == ["Nothing doubtful was found."]
