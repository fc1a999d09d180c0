"""The form binder: reading, writing, dots, sentences, problems, refusals."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from fake_desk import Orders, order_rows
from PySide6.QtCore import Qt

from erp_desktop.actions.refusals import CodeTaken, Required
from erp_desktop.views.widgets import form as form_module
from erp_desktop.views.widgets.form import FormBinder, FormBroken, load_form
from erp_desktop.views.widgets.lookup import LookupField, LookupItem, LookupSpec

UI = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0">
 <class>OrderForm</class>
 <widget class="QWidget" name="OrderForm">
  <layout class="QVBoxLayout" name="page">
   <item><layout class="QFormLayout" name="fields">
    <item row="0" column="0"><widget class="QLabel" name="supplier_label">
      <property name="text"><string>&amp;Supplier</string></property><property name="buddy"><cstring>supplier</cstring></property></widget></item>
    <item row="0" column="1"><widget class="LookupField" name="supplier">
      <property name="required" stdset="0"><bool>true</bool></property></widget></item>
    <item row="1" column="0"><widget class="QLabel" name="ordered_on_label">
      <property name="text"><string>Ordered</string></property><property name="buddy"><cstring>ordered_on</cstring></property></widget></item>
    <item row="1" column="1"><widget class="DateField" name="ordered_on"/></item>
    <item row="2" column="0"><widget class="QLabel" name="freight_label">
      <property name="text"><string>Freight</string></property><property name="buddy"><cstring>freight</cstring></property></widget></item>
    <item row="2" column="1"><widget class="NumberField" name="freight">
      <property name="kind" stdset="0"><string>money</string></property>
      <property name="readonlyWhen" stdset="0"><string>confirmed received</string></property></widget></item>
    <item row="3" column="0"><widget class="QLabel" name="code_label">
      <property name="text"><string>Code</string></property><property name="buddy"><cstring>code</cstring></property></widget></item>
    <item row="3" column="1"><widget class="QLineEdit" name="code"/></item>
    <item row="4" column="1"><widget class="QPushButton" name="do_save"><property name="text"><string>Save</string></property></widget></item>
   </layout></item>
  </layout>
 </widget>
 <customwidgets>
  <customwidget><class>LookupField</class><extends>QLineEdit</extends><header>erp</header></customwidget>
  <customwidget><class>DateField</class><extends>QLineEdit</extends><header>erp</header></customwidget>
  <customwidget><class>NumberField</class><extends>QLineEdit</extends><header>erp</header></customwidget>
 </customwidgets>
</ui>
"""
FIELDS = ("supplier", "ordered_on", "freight", "code", "somebody_took_this_out")
HANGZHOU = LookupItem(UUID(int=3), "PO-2024-0003", "Hangzhou Plastics")


@pytest.fixture
def form(qtbot, desk, tmp_path, monkeypatch):
    (tmp_path / "order.ui").write_text(UI)
    monkeypatch.setattr(form_module, "resource_path", lambda name: tmp_path / name.removeprefix("ui/"))
    made = load_form("order")
    qtbot.addWidget(made)
    return made


@pytest.fixture
def binder(form, desk):
    Orders.rows = order_rows(40)
    made = FormBinder(form, FIELDS, needed=("supplier",))
    made.widget("supplier").use(
        desk, LookupSpec(Orders, code="number", name="supplier_name", fact=lambda row: row.status)
    )
    made.show({"supplier": None, "ordered_on": date(2024, 3, 4), "freight": Decimal("12.5"), "code": "A"})
    form.show()
    return made


def test_a_form_without_a_needed_widget_does_not_open_and_says_which(form):
    with pytest.raises(FormBroken, match="OrderForm has no widget called lines"):
        FormBinder(form, FIELDS, needed=("lines",))


def test_values_come_back_as_they_were_shown(binder):
    binder.set_value("supplier", HANGZHOU)
    assert binder.read() == {
        "supplier": HANGZHOU,
        "ordered_on": date(2024, 3, 4),
        "freight": Decimal("12.5"),
        "code": "A",
    }
    assert binder.widget("freight").text() == "12.50"


def test_what_is_typed_marks_the_form_and_escape_takes_it_back(qtbot, binder):
    heard = []
    binder.dirty_changed.connect(heard.append)
    field = binder.widget("freight")
    qtbot.keyClicks(field, "5")
    assert binder.dirty == {"freight"}
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert binder.dirty == frozenset()
    assert field.text() == "12.50"
    assert heard == [True, False]


def test_a_field_that_cannot_be_read_says_so_when_it_is_left_and_keeps_the_text(qtbot, binder):
    field = binder.widget("freight")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "12,5,x")
    assert binder.problem_of("freight") == ""
    binder.widget("code").setFocus()
    qtbot.waitUntil(lambda: binder.problem_of("freight") != "")
    assert "12,5,x is not a number" in binder.problem_of("freight")
    assert field.text() == "12,5,x"
    field.selectAll()
    qtbot.keyClicks(field, "3")
    assert binder.problem_of("freight") == ""


def test_a_long_problem_goes_on_in_a_second_line_and_makes_no_page_wider(qtbot, binder):
    before = binder.form.minimumSizeHint().width()
    binder.bar.show_problems([("nothing was changed " * 40, lambda: None), ("Short.", lambda: None)])
    binder.form.resize(600, 500)
    long, short = binder.bar.links()
    qtbot.waitUntil(lambda: long.height() > 3 * short.height())
    assert binder.form.minimumSizeHint().width() <= max(before, 600)


def test_saving_lists_all_problems_and_goes_to_the_first(qtbot, binder):
    binder.widget("ordered_on").setText("yesterday")
    assert binder.read() is None
    assert [link.text() for link in binder.bar.links()] == [
        "Fill in Supplier.",
        "yesterday is not a date. Type 2024-03-15, 0315, 15, +7 or t for today.",
    ]
    assert binder.widget("supplier").property("problem") is True
    assert binder.form.focusWidget() is binder.widget("supplier")
    binder.bar.links()[1].click()
    assert binder.form.focusWidget() is binder.widget("ordered_on")
    binder.set_value("supplier", HANGZHOU)
    assert [link.text()[:9] for link in binder.bar.links()] == ["yesterday"]
    binder.widget("ordered_on").selectAll()
    qtbot.keyClicks(binder.widget("ordered_on"), "t")
    assert not binder.bar.isVisible()


def test_a_draft_may_be_saved_without_its_required_fields(binder):
    assert binder.read(complete=False)["supplier"] is None


def test_required_fields_carry_a_star(form, binder):
    assert form.findChild(type(form.findChildren(LookupField)[0]).__mro__[1], "supplier") is not None
    labels = [field.label.text() for field in binder._fields.values()]
    assert labels == ["&Supplier *", "Ordered", "Freight", "Code"]


def test_a_refusal_stands_under_the_field_that_it_names(binder):
    binder.show_refusal(CodeTaken(code="A"))
    assert binder.problem_of("code").startswith("The code A is taken already")
    binder.show_refusal(Required(field="supplier"))
    assert binder.problem_of("supplier") == "Supplier is missing. Fill it in; nothing was changed."


def test_fields_are_locked_in_the_states_that_the_form_names(binder):
    binder.show_state("confirmed")
    assert binder.widget("freight").isReadOnly()
    assert not binder.widget("code").isReadOnly()
    binder.show_state("draft")
    assert not binder.widget("freight").isReadOnly()


def test_a_lookup_offers_code_name_and_a_fact_and_enter_takes_the_first(qtbot, binder):
    field = binder.widget("supplier")
    field.setFocus()
    qtbot.keyClicks(field, "0007")
    qtbot.waitUntil(field.results.isVisible)
    assert field.results.item(0).text() == "PO-2024-0007  Nordic Packaging AB    part_received"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert field.value().id == UUID(int=7)
    assert field.text() == "PO-2024-0007  Nordic Packaging AB"


def test_a_lookup_left_with_an_exact_code_finds_its_record(qtbot, binder):
    field = binder.widget("supplier")
    field.setFocus()
    qtbot.keyClicks(field, "po-2024-0009")
    binder.widget("code").setFocus()
    qtbot.waitUntil(lambda: not field.is_undecided)
    assert field.value().id == UUID(int=9)


def test_a_lookup_left_with_something_unknown_says_so(qtbot, binder):
    field = binder.widget("supplier")
    field.setFocus()
    qtbot.keyClicks(field, "nobody")
    binder.widget("code").setFocus()
    qtbot.waitUntil(lambda: binder.problem_of("supplier") != "")
    assert binder.problem_of("supplier") == "nobody is not known here. Choose from the list."


def test_a_lookup_is_not_judged_while_somebody_still_types(qtbot, binder):
    field = binder.widget("supplier")
    field.setFocus()
    qtbot.keyClicks(field, "PO-2024")
    qtbot.waitUntil(field.results.isVisible)
    assert binder.problem_of("supplier") == ""
    assert not field.property("problem")


def test_a_lookup_without_anything_to_choose_says_where_the_first_is_made(qtbot, desk):
    Orders.rows = []
    field = LookupField()
    qtbot.addWidget(field)
    field.use(desk, LookupSpec(Orders, "number", "supplier", none_text="There are no orders yet."))
    field.show()
    field.setFocus()
    qtbot.keyClicks(field, "PO")
    qtbot.waitUntil(lambda: field.results.isVisible() and field.results.item(0).text() == "There are no orders yet.")
