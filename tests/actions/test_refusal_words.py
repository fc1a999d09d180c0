"""A refusal's sentence names states, records, fields and permissions in people's words, in their language."""

from datetime import date
from importlib import import_module
from pkgutil import iter_modules

import pytest

from erp_desktop import actions
from erp_desktop.actions.finding import WrongState
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusal_words import is_worded
from erp_desktop.actions.refusals import NotFound, NotPermitted, Problem, Refused, Required
from erp_desktop.actions.saving import FixedOnceMoved, OutOfRange
from erp_desktop.actions.transferring import BeforeDispatch, OverArrival
from erp_desktop.i18n import install_translator
from erp_desktop.models.purchasing import PurchaseOrderStatus
from erp_desktop.models.sales import ReturnStatus, SalesOrderStatus
from erp_desktop.reports.words import words


@pytest.fixture
def chinese():
    install_translator(words("zh_CN").translate)
    yield
    install_translator(None)


def test_an_english_sentence_holds_no_code_names():
    part = WrongState(document="PO-2026-0007", status="part_received")
    assert part.problem.sentence.startswith("PO-2026-0007 is partly received, so")
    assert "see costs" in NotPermitted(permission="cost.read").problem.sentence
    assert "line of the sales order" in NotFound(kind="sales order line").problem.sentence
    assert Required(field="external_number").problem.sentence.startswith("Channel's number is missing.")
    assert OutOfRange(field="cost_method", value="magic").problem.sentence.startswith("Costing method cannot be magic.")


def test_a_chinese_sentence_holds_no_english_words(chinese):
    part = WrongState(document="PO-2026-0007", status="part_received")
    assert part.problem.sentence.startswith("PO-2026-0007 处于“部分收货”状态")
    assert NotFound(kind="sales order line").problem.sentence.startswith("所指的销售订单行已不存在。")
    assert "（查看成本）" in NotPermitted(permission="cost.read").problem.sentence
    assert Required(field="external_number").problem.sentence.startswith("缺少渠道单号。")
    assert FixedOnceMoved(field="unit_id", name="BX-1").problem.sentence.startswith("BX-1 的计量单位不能再更改")


def test_an_order_without_a_number_is_called_this_document(chinese):
    assert WrongState(document="", status="draft").problem.sentence.startswith("此单据处于“草稿”状态")


def test_the_code_names_travel_and_are_put_into_words_where_they_are_shown(chinese):
    problem = WrongState(document="SO-1", status="part_shipped").problem
    assert problem.fields["status"] == "part_shipped"
    assert "部分发货" in Problem.from_dict(problem.as_dict()).sentence


def test_a_name_without_a_word_is_shown_by_itself():
    assert "The thing that" in NotFound(kind="thing").problem.sentence


def test_every_refusal_says_that_nothing_was_lost():
    for module in iter_modules(actions.__path__, "erp_desktop.actions."):
        import_module(module.name)
    sentences = {one.sentence for one in all_refusals(Refused) if one.__module__.startswith("erp_desktop.actions")}
    assert len(sentences) > 100
    silent = [one for one in sentences if not any(word in one.lower() for word in ("nothing", "kept", "still open"))]
    assert silent == []


def all_refusals(of: type[Refused]) -> set[type[Refused]]:
    return {of}.union(*(all_refusals(one) for one in of.__subclasses__()))


def test_every_state_and_permission_has_a_word():
    for states in (PurchaseOrderStatus, SalesOrderStatus, ReturnStatus):
        assert all(is_worded("status", state) for state in states), states
    assert all(is_worded("permission", permission) for permission in ALL_PERMISSIONS)


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            OverArrival(asked=6, product="TEA", open=5, transfer=""),
            "6 of TEA arrived, but only 5 of this document are in transit. Count again; nothing was changed.",
        ),
        (
            BeforeDispatch(transfer="", dispatched_on=date(2026, 3, 16)),
            "This document left on 2026-03-16, so this cannot have been before. Correct the date; nothing was changed.",
        ),
        (
            WrongState(document="", status="posted"),
            "This document is posted, so this cannot be done to it any more. Refresh to see it as it is now; nothing was changed.",
        ),
    ],
)
def test_a_document_without_a_number_yet_has_its_place_in_the_sentence(refusal: Refused, sentence: str) -> None:
    assert refusal.problem.sentence == sentence
