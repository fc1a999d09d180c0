"""Price, volume and mix effects: they always add up to the change, and each means what it says."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from erp_desktop.reports.effects import QtyAndAmount, effects

CENT = Decimal("0.01")


def bought(qty: str, amount: str) -> QtyAndAmount:
    return QtyAndAmount(Decimal(qty), Decimal(amount))


def test_a_dearer_price_alone_is_all_price_effect() -> None:
    found = effects({"BTL": bought("10", "30.00")}, {"BTL": bought("10", "35.00")}, CENT)["BTL"]
    assert (found.price, found.volume, found.mix) == (Decimal("5.00"), 0, 0)


def test_twice_of_everything_is_all_volume_effect() -> None:
    before = {"BTL": bought("10", "30.00"), "CAP": bought("5", "5.00")}
    now = {"BTL": bought("20", "60.00"), "CAP": bought("10", "10.00")}
    found = effects(before, now, CENT)
    assert [(each.price, each.volume, each.mix) for each in found.values()] == [
        (0, Decimal("30.00"), 0),
        (0, Decimal("5.00"), 0),
    ]


def test_more_of_the_dear_and_less_of_the_cheap_is_all_mix_effect() -> None:
    before = {"BTL": bought("10", "30.00"), "CAP": bought("10", "10.00")}
    now = {"BTL": bought("15", "45.00"), "CAP": bought("5", "5.00")}
    found = effects(before, now, CENT)
    assert [(each.price, each.volume, each.mix) for each in found.values()] == [
        (0, 0, Decimal("15.00")),
        (0, 0, Decimal("-5.00")),
    ]


def test_a_new_product_is_mix_and_what_is_bought_for_the_first_time_at_all_is_volume() -> None:
    found = effects({"BTL": bought("10", "30.00")}, {"BTL": bought("10", "30.00"), "NEW": bought("1", "7.00")}, CENT)
    assert found["NEW"].mix == Decimal("7.00")
    assert effects({}, {"NEW": bought("1", "7.00")}, CENT)["NEW"].volume == Decimal("7.00")


def test_a_product_that_is_not_bought_any_more_has_no_price_effect() -> None:
    found = effects({"BTL": bought("10", "30.00"), "OLD": bought("3", "10.00")}, {"BTL": bought("13", "39.00")}, CENT)
    assert found["OLD"].price == 0
    assert found["OLD"].change == Decimal("-10.00")


amounts = st.decimals("-1000", "1000", places=2)
figures = st.dictionaries(st.sampled_from("ABCDE"), st.builds(QtyAndAmount, st.decimals("0", "50", places=3), amounts))


@given(figures, figures)
def test_the_effects_of_every_product_add_up_to_its_change_to_the_cent(
    before: dict[str, QtyAndAmount], now: dict[str, QtyAndAmount]
) -> None:
    found = effects(before, now, CENT)
    nothing = QtyAndAmount()
    assert found.keys() == before.keys() | now.keys()
    for key, each in found.items():
        assert each.price + each.volume + each.mix == each.change
        assert each.change == now.get(key, nothing).amount - before.get(key, nothing).amount
