"""Presets that exist in many languages with the same labels: treebanks, and an assistant's intents."""

from mtl_core.data.layout import Layout, Markup
from mtl_core.data.text import Segmentation

from .contract import CONVERTED, Preset
from .short import ALL, label, spans, tags

_NO_BLANKS = ("zh", "ja", "th")
TREEBANKS = {
    "en_ewt": ("English", "12,543"),
    "de_gsd": ("German", "13,814"),
    "fr_gsd": ("French", "14,449"),
    "es_gsd": ("Spanish", "14,187"),
    "ru_gsd": ("Russian", "3,850"),
    "ar_padt": ("Arabic", "6,075"),
    "hi_hdtb": ("Hindi", "13,304"),
    "ko_gsd": ("Korean", "4,400"),
    "zh_gsdsimp": ("Chinese", "3,997"),
    "ja_gsd": ("Japanese", "7,027"),
}
"""Universal Dependencies by their configuration: the language, and the training sentences."""
LOCALES = {
    "en-US": "English", "de-DE": "German", "fr-FR": "French", "es-ES": "Spanish",
    "ru-RU": "Russian", "ar-SA": "Arabic", "hi-IN": "Hindi", "ko-KR": "Korean",
    "zh-CN": "Chinese", "ja-JP": "Japanese", "th-TH": "Thai", "tr-TR": "Turkish",
}  # fmt: skip
"""MASSIVE by its configuration."""


def _treebank(config: str, language: str, rows: str) -> Preset:
    code = config.partition("_")[0]
    return Preset(
        name=f"ud_{config}",
        title=f"UD {language} ({config.partition('_')[2].upper()})",
        about=f"{language} sentences with word classes and relations (Universal Dependencies).",
        language=code,
        licence="of each treebank, most CC BY-SA 4.0; see universaldependencies.org",
        path="universal-dependencies/universal_dependencies",
        config=config,
        revision=CONVERTED,
        tasks={
            "upos": tags("upos", "Which word class?"),
            "deprel": tags("deprel", "Which relation to the word it depends on?"),
        },
        splits=ALL,
        rows=rows,
        checked="repository",
        segmentation="known" if code in _NO_BLANKS else "words",
    )


def _massive(config: str, language: str) -> Preset:
    code = config[:2]
    cut: Segmentation = "characters" if code in _NO_BLANKS else "words"
    return Preset(
        name=f"massive_{config.replace('-', '_').lower()}",
        title=f"MASSIVE {language}",
        about=f"What people say to an assistant in {language}: 18 scenarios, 60 intents, slots.",
        language=code,
        licence="CC BY 4.0",
        path="AmazonScience/massive",
        config=config,
        revision=CONVERTED,
        tasks={
            "intent": label("annot_utt_words", "intent", "What does the speaker want?"),
            "scenario": label("annot_utt_words", "scenario", "What is it about?"),
            "slots": spans("annot_utt_tags", "Which words fill which slot?", "annot_utt_words"),
        },
        splits=ALL,
        rows="11,514",
        checked="repository",
        segmentation=cut,
        layout=Layout(kind="parquet", markup={"annot_utt": Markup(kind="inline")}),
    )


MANY_LANGUAGES: tuple[Preset, ...] = (
    *(_treebank(config, language, rows) for config, (language, rows) in TREEBANKS.items()),
    *(_massive(config, language) for config, language in LOCALES.items()),
)
