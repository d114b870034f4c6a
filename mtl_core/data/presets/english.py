"""English presets: sentences, pairs, words."""

from functools import partial

from mtl_core.data.catalog import TaskSpec

from .contract import Preset
from .short import ALL, WITHOUT_TEST, WITHOUT_VALIDATION, label, spans, tags

RESEARCH = "other, as stated on the hub; for research"
UNKNOWN = "none stated"
PAIR = ("sentence1", "sentence2")
HIDDEN = "The labels of its test data are kept back, so there is no test split."

_english = partial(Preset, language="en")
_glue = partial(
    Preset,
    language="en",
    licence=RESEARCH,
    path="nyu-mll/glue",
    splits=WITHOUT_TEST,
    checked="columns",
    note=HIDDEN,
)
_tweets = partial(
    Preset,
    language="en",
    licence="unknown, as stated on the hub; the text is from Twitter",
    path="cardiffnlp/tweet_eval",
    splits=ALL,
    checked="repository",
)

_SENTENCES = (
    _english(
        name="ag_news",
        title="AG News",
        about="News headlines with their first sentences, sorted into four topics.",
        licence="unknown; for research, as stated by its makers",
        path="fancyzhx/ag_news",
        tasks={"topic": label("text", "label", "What is the news about?")},
        splits=WITHOUT_VALIDATION,
        by="label",
        rows="120,000",
        checked="nothing",
    ),
    _glue(
        name="sst2",
        title="SST-2",
        about="Phrases and sentences of film reviews, each negative or positive (GLUE).",
        config="sst2",
        tasks={"sentiment": label("sentence", "label", "Is it negative or positive?")},
        rows="67,349",
    ),
    _english(
        name="imdb",
        title="IMDB",
        about="Whole film reviews, negative or positive; long texts.",
        licence=RESEARCH,
        path="stanfordnlp/imdb",
        config="plain_text",
        tasks={"sentiment": label("text", "label", "Is the review negative or positive?")},
        splits=WITHOUT_VALIDATION,
        by="label",
        rows="25,000",
        checked="columns",
    ),
    _english(
        name="trec",
        title="TREC questions",
        about="Questions, sorted by what they ask for: six coarse classes, fifty fine ones.",
        licence=UNKNOWN,
        path="SetFit/TREC-QC",
        tasks={
            "coarse": label("text", "label_coarse_original", "Which of six kinds of answer?"),
            "fine": label("text", "label_original", "Which of fifty kinds of answer?"),
        },
        splits=WITHOUT_VALIDATION,
        by="label_coarse_original",
        rows="5,452",
        checked="columns",
    ),
    _glue(
        name="cola",
        title="CoLA",
        about="Sentences from books on grammar, acceptable English or not (GLUE).",
        config="cola",
        tasks={
            "acceptable": TaskSpec(
                kind="classification",
                input="sentence",
                target="label",
                metric="mcc",
                description="Is it acceptable English?",
            )
        },
        rows="8,551",
    ),
    _english(
        name="emotion",
        title="Emotion",
        about="Tweets, each with one of six emotions.",
        licence="other, as stated on the hub; for research and teaching",
        path="dair-ai/emotion",
        config="split",
        tasks={"emotion": label("text", "label", "Which emotion?")},
        splits=ALL,
        rows="16,000",
        checked="nothing",
    ),
    _english(
        name="go_emotions",
        title="GoEmotions",
        about="Comments from Reddit with any of 28 emotions.",
        licence="Apache 2.0, as stated on the hub",
        path="google-research-datasets/go_emotions",
        config="simplified",
        tasks={
            "emotions": TaskSpec(
                kind="multilabel", input="text", target="labels", description="Which emotions?"
            )
        },
        splits=ALL,
        rows="43,410",
        checked="repository",
    ),
    _tweets(
        name="tweet_irony",
        title="TweetEval: irony",
        about="Tweets, ironic or not.",
        config="irony",
        tasks={"irony": label("text", "label", "Is it ironic?")},
        rows="2,862",
    ),
    _tweets(
        name="tweet_offensive",
        title="TweetEval: offensive",
        about="Tweets, offensive or not.",
        config="offensive",
        tasks={"offensive": label("text", "label", "Is it offensive?")},
        rows="11,916",
    ),
    _tweets(
        name="tweet_sentiment",
        title="TweetEval: sentiment",
        about="Tweets, negative, neutral or positive.",
        config="sentiment",
        tasks={"sentiment": label("text", "label", "How does it feel?")},
        rows="45,615",
    ),
    _english(
        name="banking77",
        title="Banking77",
        about="What customers ask a bank, sorted into 77 intents.",
        licence="CC BY 4.0, of the original",
        path="mteb/banking77",
        tasks={"intent": label("text", "label_text", "What does the customer want?")},
        splits=WITHOUT_VALIDATION,
        by="label_text",
        rows="10,003",
        checked="columns",
    ),
    _english(
        name="clinc_oos",
        title="CLINC150",
        about="What people ask an assistant: 150 intents, and questions that fit none of them.",
        licence="CC BY 3.0",
        path="clinc/clinc_oos",
        config="plus",
        tasks={"intent": label("text", "intent", "What does the user want?")},
        splits=ALL,
        rows="15,250",
        checked="repository",
    ),
)

_PAIRS = (
    _glue(
        name="mrpc",
        title="MRPC",
        about="Pairs of sentences from the news that say the same or do not (GLUE).",
        config="mrpc",
        tasks={"paraphrase": label(PAIR, "label", "Do both say the same?")},
        splits=ALL,
        rows="3,668",
        note="",
    ),
    _glue(
        name="qqp",
        title="QQP",
        about="Pairs of questions from Quora that ask the same or do not (GLUE).",
        config="qqp",
        tasks={"duplicate": label(("question1", "question2"), "label", "Do both ask the same?")},
        rows="363,846",
    ),
    _glue(
        name="stsb",
        title="STS-B",
        about="Pairs of sentences with a score of how alike their meaning is (GLUE).",
        config="stsb",
        tasks={
            "similarity": TaskSpec(
                kind="regression",
                input=PAIR,
                target="label",
                range=(0, 5),
                description="How alike is the meaning, from 0 to 5?",
            )
        },
        rows="5,749",
    ),
    _glue(
        name="mnli",
        title="MNLI",
        about="Premise and hypothesis: does one follow from the other? Ten genres (GLUE).",
        config="mnli",
        tasks={"entailment": label(("premise", "hypothesis"), "label", "Does the second follow?")},
        splits={
            "train": "train",
            "validation": "validation_matched",
            "test": "validation_mismatched",
        },
        rows="392,702",
        checked="repository",
        note="The test split is the mismatched validation data: genres that training does not have.",
    ),
    _glue(
        name="qnli",
        title="QNLI",
        about="A question and a sentence: does the sentence hold the answer? (GLUE)",
        config="qnli",
        tasks={"answered": label(("question", "sentence"), "label", "Is it answered?")},
        rows="104,743",
        checked="repository",
    ),
    _glue(
        name="rte",
        title="RTE",
        about="Two sentences: does the second follow from the first? Small (GLUE).",
        config="rte",
        tasks={"entailment": label(PAIR, "label", "Does the second follow?")},
        rows="2,490",
        checked="repository",
    ),
    _glue(
        name="wnli",
        title="WNLI",
        about="Whom does a pronoun mean? As pairs of sentences; very small (GLUE).",
        config="wnli",
        tasks={"entailment": label(PAIR, "label", "Does the second follow?")},
        rows="635",
        checked="repository",
    ),
)

_WORDS = (
    _english(
        name="conll2003",
        title="CoNLL-2003",
        about="News with names (persons, places, organisations, others), word classes and phrases.",
        licence="none stated; the text is from Reuters, for research",
        path="lhoestq/conll2003",
        tasks={
            "ner": spans("ner_tags", "Which words name what?"),
            "pos": tags("pos_tags", "Which word class?"),
            "chunk": spans("chunk_tags", "Which phrases?"),
        },
        splits=ALL,
        rows="14,041",
        checked="repository",
    ),
    _english(
        name="wnut17",
        title="WNUT 2017",
        about="Names in tweets and comments that hardly anybody had seen before.",
        licence="CC BY 4.0, of the original",
        path="manu/wnut_17",
        tasks={"ner": spans("ner_tags", "Which words name what?")},
        splits=ALL,
        rows="3,394",
        checked="repository",
    ),
    _english(
        name="snips",
        title="SNIPS",
        about="What people say to a voice assistant: one of seven intents, and its slots.",
        licence="Apache 2.0, as stated on the hub (CC0 for the original)",
        path="bkonkle/snips-joint-intent",
        tasks={
            "intent": label("input", "intent", "What does the speaker want?"),
            "slots": spans("slots", "Which words fill which slot?", reads="input"),
        },
        splits=WITHOUT_VALIDATION,
        by="intent",
        rows="13,784",
        checked="repository",
    ),
    _english(
        name="atis",
        title="ATIS",
        about="Questions about flights: the intent, and its slots.",
        licence=UNKNOWN,
        path="tuetschek/atis",
        tasks={
            "intent": label("text", "intent", "What is asked for?"),
            "slots": spans("slots", "Which words fill which slot?", reads="text"),
        },
        splits=WITHOUT_VALIDATION,
        by="intent",
        rows="4,978",
        checked="repository",
    ),
)

ENGLISH: tuple[Preset, ...] = (*_SENTENCES, *_PAIRS, *_WORDS)
