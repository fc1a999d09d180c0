"""Words in a document's language, and the files that travel with the program."""

import pytest

from erp_desktop import resources
from erp_desktop.reports.report import Bilingual, Term
from erp_desktop.reports.words import words
from erp_desktop.resources import resource_path


def test_the_fonts_and_their_licence_travel_with_the_program():
    for name in ("NotoSansSC-Regular.ttf", "NotoSansSC-SemiBold.ttf", "OFL.txt"):
        assert resource_path(f"fonts/{name}").is_file()


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"fonts/Nothing\.ttf"):
        resource_path("fonts/Nothing.ttf")


def test_in_a_wheel_the_files_are_inside_the_package(tmp_path, monkeypatch):
    package = tmp_path / "erp_desktop"
    (package / "_resources" / "fonts").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", package)
    resources._root.cache_clear()
    try:
        assert resource_path("fonts") == package / "_resources" / "fonts"
    finally:
        resources._root.cache_clear()


def test_names_follow_the_language_and_fall_back_to_the_other():
    bottle = Bilingual("Bottle", "瓶子")
    assert (words("en").shown(bottle), words("zh_CN").shown(bottle)) == ("Bottle", "瓶子")
    assert words("en").shown(Bilingual("", "茶叶")) == "茶叶"
    assert words("zh_CN").shown(Bilingual("Tea")) == "Tea"


def test_texts_come_from_the_catalogue_of_the_documents_language(tmp_path, monkeypatch):
    (tmp_path / "_resources" / "i18n").mkdir(parents=True)
    (tmp_path / "_resources" / "i18n" / "erp_zh_CN.ts").write_text(
        "<TS><context><name>Report</name>"
        "<message><source>Total</source><translation>合计</translation></message>"
        "<message><source>Opening balance</source><translation type='unfinished'></translation></message>"
        "</context></TS>",
        "utf-8",
    )
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    resources._root.cache_clear()
    words.cache_clear()
    try:
        chinese = words("zh_CN")
        assert chinese.translate("Report", "Total") == "合计"
        assert chinese.shown(Term("Opening balance")) == "Opening balance"  # not translated yet
        assert words("en").translate("Report", "Total") == "Total"
        assert words("fr").language == "en"
    finally:
        resources._root.cache_clear()
        words.cache_clear()
