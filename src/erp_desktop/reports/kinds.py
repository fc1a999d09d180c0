"""The words for what moved stock or changed its value: kinds of moves, of adjustments and of events of a cost pool."""

from erp_desktop.i18n import QT_TRANSLATE_NOOP

# models MoveKind, AdjustmentKind and CostEvent
KINDS = {
    "receipt": QT_TRANSLATE_NOOP("Report", "Goods receipt"),
    "shipment": QT_TRANSLATE_NOOP("Report", "Shipment"),
    "customer_return": QT_TRANSLATE_NOOP("Report", "Customer return"),
    "supplier_return": QT_TRANSLATE_NOOP("Report", "Return to supplier"),
    "count_gain": QT_TRANSLATE_NOOP("Report", "Count gain"),
    "count_loss": QT_TRANSLATE_NOOP("Report", "Count loss"),
    "scrap": QT_TRANSLATE_NOOP("Report", "Scrap"),
    "transfer": QT_TRANSLATE_NOOP("Report", "Transfer"),
    "opening": QT_TRANSLATE_NOOP("Report", "Opening stock"),
    "landed_cost": QT_TRANSLATE_NOOP("Report", "Landed cost"),
    "receipt_price": QT_TRANSLATE_NOOP("Report", "Price correction"),
    "revaluation": QT_TRANSLATE_NOOP("Report", "Revaluation"),
    "standard_cost": QT_TRANSLATE_NOOP("Report", "New standard cost"),
    "method": QT_TRANSLATE_NOOP("Report", "Change of method"),
    "true_up": QT_TRANSLATE_NOOP("Report", "True-up of oversold stock"),
    "period_average": QT_TRANSLATE_NOOP("Report", "Settled at the period's end"),
    "period_end": QT_TRANSLATE_NOOP("Report", "Period's end"),
    "back_dated": QT_TRANSLATE_NOOP("Report", "Back-dated correction"),
}
