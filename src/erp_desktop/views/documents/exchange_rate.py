"""A document in a foreign currency: which one, and its rate. Both fields are there only where they are needed."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtWidgets import QComboBox, QLabel, QWidget

from erp_desktop.currencies import CURRENCY_PLACES, is_far_off
from erp_desktop.i18n import translate
from erp_desktop.queries.currencies import CurrencyChoices, KnownCurrencies, RateOn
from erp_desktop.views.widgets.asking import when_done
from erp_desktop.views.widgets.cells import CellKind, shown, shown_number
from erp_desktop.views.widgets.reading import NotReadable

if TYPE_CHECKING:
    from erp_desktop.views.documents.form_page import FormPage

REFUSALS = {"no_exchange_rate": "rate", "rate_not_positive": "rate", "own_currency": "rate"}


class CurrencyField:
    """Looks after the form's field `currency`, which is there where the company deals in foreign ones. `changed` is called once the
    currencies are known, and when the person has chosen another."""

    def __init__(self, page: "FormPage", changed: Callable[[], object]) -> None:
        self._page, self._changed = page, changed
        page.currency_field = self
        self._known = CurrencyChoices("", (), {})
        self._kept = ""
        self._offer()
        when_done(page.desk.ask(KnownCurrencies()), page, self._take)
        page.binder.edited.connect(lambda name: changed() if name == "currency" else None)

    @property
    def own(self) -> str:
        """The company's currency; empty until it is known."""
        return self._known.own

    @property
    def currency(self) -> str:
        return self._page.binder.value("currency") or self._known.own

    @property
    def places(self) -> int:
        return self._known.places.get(self.currency, CURRENCY_PLACES.get(self.currency, 2))

    @property
    def company_places(self) -> int:
        return self._known.places.get(self._known.own, 2)

    def keep(self, currency: str) -> None:
        """The document that is shown is in this one: it is offered whether anything else is known of it or not."""
        self._kept = currency
        self._offer()

    def propose(self, currency: str) -> None:
        """Chooses it as if the person had."""
        if currency and currency != self.currency:
            self.keep(currency)
            self._page.binder.set_value("currency", currency)

    def _take(self, known: CurrencyChoices) -> None:
        self._known = known
        self._offer()
        if not self._page.is_dirty:
            self._page.binder.propose({"currency": self._kept or known.own})
        self._changed()

    def _offer(self) -> None:
        box, label = self._page.binder.widget("currency"), self._page.binder.widget("currency_label")
        if not isinstance(box, QComboBox) or label is None:
            return
        codes = list(dict.fromkeys(code for code in (self._known.own, *self._known.foreign, self._kept) if code))
        if codes != [box.itemData(place) for place in range(box.count())]:
            now = box.currentData() or self._known.own
            box.blockSignals(True)
            box.clear()
            for code in codes:
                box.addItem(code, code)
            box.setCurrentIndex(max(box.findData(now), 0))
            box.blockSignals(False)
        for widget in (box, label):
            widget.setVisible(len(codes) > 1)


class RateField:
    """Looks after the form's field `rate`. What somebody typed stays; else it follows the days named, the first that is given.

    One that is far from the day's is remarked upon: nothing of what it makes can be seen from the lines.
    """

    def __init__(self, page: "FormPage", *days: str) -> None:
        self._page, self._days = page, days
        self._currency = self._own = ""
        self._asked: RateOn | None = None
        self._is_typed = self._is_remarked = False
        page.binder.edited.connect(self._note)
        self._show()

    @property
    def is_foreign(self) -> bool:
        return self._currency != self._own

    def use(self, currency: str, own: str) -> None:
        """The document is in `currency`, the company's is `own`."""
        if (currency, own) != (self._currency, self._own):
            self._currency, self._own = currency, own
            self._show()
            self._propose()

    def fix(self, rate: Decimal) -> None:
        """It has this rate and no other."""
        self._is_typed = True
        self._page.binder.propose({"rate": rate})

    def value(self) -> Decimal | None:
        """The rate to act with; None leaves it to the day, and in company currency."""
        if not self.is_foreign:
            return None
        try:
            return cast("Decimal | None", self._page.binder.value("rate"))
        except NotReadable:
            return None

    def _show(self) -> None:
        binder = self._page.binder
        field, label = binder.widget("rate"), binder.widget("rate_label")
        for widget in (field, label):
            if isinstance(widget, QWidget):
                widget.setVisible(self.is_foreign)
        if isinstance(label, QLabel) and self.is_foreign:
            text = translate("RateField", "E&xchange rate, {own} for 1 {currency}")
            label.setText(text.format(own=self._own, currency=self._currency))

    def _note(self, name: str) -> None:
        if name == "rate":
            self._is_typed = self.value() is not None
            if not self._is_typed:
                self._asked = None
            self._look_at_typed()
        elif name in self._days:
            self._propose()

    def _look_at_typed(self) -> None:
        typed, day = self.value(), self._day()
        if typed is None or day is None:
            self._remark("")
        else:
            known = self._page.desk.ask(RateOn(self._currency, day))
            when_done(known, self._page, partial(self._compare, typed))

    def _compare(self, typed: Decimal, known: Decimal | None) -> None:
        if typed != self.value():
            return
        if known is None or not is_far_off(typed, known):
            self._remark("")
            return
        text = translate(
            "RateField", "The rate of that day is {known}, here it is {rate}. Has the decimal point slipped?"
        )
        self._remark(text.format(known=shown_number(known), rate=shown_number(typed)))

    def _remark(self, sentence: str) -> None:
        if sentence:
            self._page.banner.show_sentence("warning", sentence)
        elif self._is_remarked:
            self._page.banner.hide()
        self._is_remarked = bool(sentence)

    def _propose(self) -> None:
        day = self._day()
        if not self.is_foreign or self._is_typed or day is None:
            return
        asked = RateOn(self._currency, day)
        if asked != self._asked:
            self._asked = asked
            when_done(self._page.desk.ask(asked), self._page, lambda rate: self._take(asked, rate))

    def _day(self) -> date | None:
        for name in self._days:
            try:
                day = self._page.binder.value(name)
            except NotReadable:
                return None
            if isinstance(day, date):
                return day
        return None

    def _take(self, asked: RateOn, rate: Decimal | None) -> None:
        if asked == self._asked and not self._is_typed:
            self._page.binder.propose({"rate": rate})
            self._page.lines_changed()


def rate_text(currency: str, rate: Decimal, own: str) -> str:
    """How a posted document says its rate: "1 USD = 7.10 CNY"; empty in the company's own currency."""
    return "" if currency == own else f"1 {currency} = {shown_number(rate, 2)} {own}"


def exchange_fact(own: str, gained: Decimal | None) -> tuple[str, str]:
    """What the rates of a posted document made, as gain or as loss; None: the centre has not said it yet."""
    if not gained:
        label = translate("ExchangeFact", "Exchange difference")
    elif gained > 0:
        label = translate("ExchangeFact", "Exchange gain")
    else:
        label = translate("ExchangeFact", "Exchange loss")
    return label, "" if gained is None else f"{own} {shown(abs(gained), CellKind.MONEY)}"
