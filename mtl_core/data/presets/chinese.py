"""Chinese presets: texts character by character, names by the tokens that the data gives."""

from functools import partial

from .contract import CONVERTED, Preset
from .short import ALL, WITHOUT_TEST, WITHOUT_VALIDATION, label, spans

PAIR = ("sentence1", "sentence2")
UNKNOWN = "unknown, as stated on the hub"
HIDDEN = "The labels of its test data are kept back, so there is no test split."
TOPICS = {
    "100": "story", "101": "culture", "102": "entertainment", "103": "sports", "104": "finance",
    "106": "house", "107": "car", "108": "education", "109": "technology", "110": "military",
    "112": "travel", "113": "world", "114": "stock", "115": "agriculture", "116": "game",
}  # fmt: skip

_text = partial(Preset, language="zh", segmentation="characters")
_clue = partial(
    Preset,
    language="zh",
    licence=UNKNOWN,
    path="clue/clue",
    splits=WITHOUT_TEST,
    segmentation="characters",
    note=HIDDEN,
)
_names = partial(Preset, language="zh", licence=UNKNOWN, revision=CONVERTED, segmentation="known")

CHINESE: tuple[Preset, ...] = (
    _text(
        name="chnsenticorp",
        title="ChnSentiCorp",
        about="Chinese reviews of hotels, laptops and books, negative or positive.",
        licence="none stated",
        path="lansinuote/ChnSentiCorp",
        tasks={"sentiment": label("text", "label", "Is it negative or positive?")},
        splits=ALL,
        rows="9,600",
        checked="nothing",
    ),
    _clue(
        name="tnews",
        title="TNEWS",
        about="Chinese headlines, sorted into fifteen topics (CLUE).",
        config="tnews",
        tasks={"topic": label("sentence", "label", "What is the news about?", TOPICS)},
        rows="53,360",
        checked="repository",
    ),
    _clue(
        name="afqmc",
        title="AFQMC",
        about="Pairs of Chinese questions to a bank that ask the same or do not (CLUE).",
        config="afqmc",
        tasks={
            "same": label(PAIR, "label", "Do both ask the same?", {"0": "different", "1": "same"})
        },
        rows="34,334",
        checked="columns",
    ),
    _clue(
        name="ocnli",
        title="OCNLI",
        about="Premise and hypothesis in Chinese: does one follow from the other? (CLUE)",
        config="ocnli",
        tasks={"entailment": label(PAIR, "label", "Does the second follow?")},
        rows="50,437",
        checked="repository",
    ),
    _names(
        name="msra_ner",
        title="MSRA NER",
        about="Chinese news with names of persons, places and organisations, by character.",
        path="levow/msra_ner",
        tasks={"ner": spans("ner_tags", "Which characters name what?")},
        splits=WITHOUT_VALIDATION,
        rows="45,001",
        checked="repository",
    ),
    _names(
        name="weibo_ner",
        title="Weibo NER",
        about="Chinese messages with names, and with nouns that mean the same, by character.",
        path="hltcoe/weibo_ner",
        tasks={"ner": spans("ner_tags", "Which characters name what?")},
        splits=ALL,
        rows="1,350",
        checked="nothing",
    ),
)
