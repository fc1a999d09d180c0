"""The words for what the rules call by short names: kinds of landed cost, and what it is shared by."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

KINDS_OF_COST = {
    "freight": QT_TRANSLATE_NOOP("LandedCosts", "Freight"),
    "duty": QT_TRANSLATE_NOOP("LandedCosts", "Duty"),
    "insurance": QT_TRANSLATE_NOOP("LandedCosts", "Insurance"),
    "handling": QT_TRANSLATE_NOOP("LandedCosts", "Handling"),
}
BASES_OF_SHARING = {
    "value": QT_TRANSLATE_NOOP("LandedCosts", "Value"),
    "qty": QT_TRANSLATE_NOOP("LandedCosts", "Quantity"),
    "weight": QT_TRANSLATE_NOOP("LandedCosts", "Weight"),
    "volume": QT_TRANSLATE_NOOP("LandedCosts", "Volume"),
    "equal": QT_TRANSLATE_NOOP("LandedCosts", "Equal parts"),
    "manual": QT_TRANSLATE_NOOP("LandedCosts", "By hand"),
}


def kind_of_cost_text(kind: str) -> str:
    return translate("LandedCosts", KINDS_OF_COST[kind]) if kind in KINDS_OF_COST else kind


def basis_text(basis: str) -> str:
    return translate("LandedCosts", BASES_OF_SHARING[basis]) if basis in BASES_OF_SHARING else basis
