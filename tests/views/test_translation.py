"""The Chinese catalogue is complete, and the window speaks it at once."""

import importlib.util
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QDialogButtonBox

from erp_desktop.actions.refusals import CodeTaken
from erp_desktop.views.translation import current_language, known_language, show_language

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def update_translations():
    spec = importlib.util.spec_from_file_location("update_translations", ROOT / "tools/update_translations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_text_of_the_sources_stands_translated_in_the_catalogue(update_translations):
    """Mend with `python tools/update_translations.py`, then type the translations into the .ts and run it again."""
    assert update_translations.problems() == []


def test_chinese_shows_in_refusals_and_in_qts_own_buttons(qtbot):
    show_language("zh_CN")
    assert CodeTaken(code="A1").problem.sentence == "编码 A1 已被使用。请换一个；未作任何更改。"
    box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(box)
    assert box.button(QDialogButtonBox.StandardButton.Cancel).text() == "取消"
    assert QApplication.font().pixelSize() == 14
    show_language("en")
    assert CodeTaken(code="A1").problem.sentence.startswith("The code A1 is taken")
    assert current_language() == "en"


def test_any_chinese_is_simplified_chinese_and_any_other_language_english():
    assert [known_language(code) for code in ("zh", "zh-Hans-CN", "zh_TW", "en_GB", "fr", "")] == [
        "zh_CN",
        "zh_CN",
        "zh_CN",
        "en",
        "en",
        "en",
    ]
