"""Texts of two languages: what fills the places of a Chinese sentence fits into it."""

import pytest

from erp_desktop.actions.finding import WrongState
from erp_desktop.i18n import fitted, install_translator
from erp_desktop.reports.words import words


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{document} 处于“{status}”状态。", "此单据处于“草稿”状态。"),
        ("向 {supplier} 下达订单", "向杭州塑料下达订单"),
        ("收到 {number} 的货", "收到 PO-1 的货"),
        ("共 {qty} 件，单价 {price:.2f}", "共 3 件，单价 2.50"),
        ("{supplier} {number}", "杭州塑料 PO-1"),
    ],
)
def test_chinese_stands_beside_chinese_without_a_space(text, filled):
    values = {"document": "此单据", "status": "草稿", "supplier": "杭州塑料", "number": "PO-1", "qty": 3, "price": 2.5}
    assert fitted(text).format(**values) == filled
    assert fitted(text).format_map(values) == filled


def test_what_is_chinese_within_a_name_keeps_its_spaces():
    assert fitted("向 {supplier} 下达订单").format(supplier="杭州 塑料") == "向杭州 塑料下达订单"


def test_a_refusal_of_an_unnumbered_document_reads_as_one_sentence():
    install_translator(words("zh_CN").translate)
    try:
        sentence = WrongState(document="", status="draft").problem.sentence
    finally:
        install_translator(None)
    assert sentence.startswith("此单据处于“草稿”状态")
