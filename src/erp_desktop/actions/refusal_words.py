"""The words that fill a refusal's sentence: states, kinds of record, fields and permissions, which travel by their code names.

Here: one word for each of them, context "Refusal word". Not here: the sentences (beside the refusals), the states' pictures.
"""

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

WORDED_FIELDS = frozenset({"status", "kind", "field", "permission"})  # the places of a sentence that hold code names

_WORDS: dict[str, dict[str, str]] = {
    "status": {
        "draft": QT_TRANSLATE_NOOP("Refusal word", "a draft"),
        "requested": QT_TRANSLATE_NOOP("Refusal word", "requested"),
        "confirmed": QT_TRANSLATE_NOOP("Refusal word", "confirmed"),
        "allocated": QT_TRANSLATE_NOOP("Refusal word", "allocated"),
        "part_received": QT_TRANSLATE_NOOP("Refusal word", "partly received"),
        "part_shipped": QT_TRANSLATE_NOOP("Refusal word", "partly shipped"),
        "received": QT_TRANSLATE_NOOP("Refusal word", "received"),
        "shipped": QT_TRANSLATE_NOOP("Refusal word", "shipped"),
        "posted": QT_TRANSLATE_NOOP("Refusal word", "posted"),
        "open": QT_TRANSLATE_NOOP("Refusal word", "open"),
        "dispatched": QT_TRANSLATE_NOOP("Refusal word", "dispatched"),
        "closed": QT_TRANSLATE_NOOP("Refusal word", "closed"),
        "closed_short": QT_TRANSLATE_NOOP("Refusal word", "closed short"),
        "cancelled": QT_TRANSLATE_NOOP("Refusal word", "cancelled"),
        "reversed": QT_TRANSLATE_NOOP("Refusal word", "reversed"),
    },
    "kind": {
        "account": QT_TRANSLATE_NOOP("Refusal word", "account"),
        "app user": QT_TRANSLATE_NOOP("Refusal word", "user"),
        "user": QT_TRANSLATE_NOOP("Refusal word", "user"),
        "barcode": QT_TRANSLATE_NOOP("Refusal word", "barcode"),
        "bin": QT_TRANSLATE_NOOP("Refusal word", "bin"),
        "budget version": QT_TRANSLATE_NOOP("Refusal word", "budget version"),
        "category": QT_TRANSLATE_NOOP("Refusal word", "category"),
        "channel": QT_TRANSLATE_NOOP("Refusal word", "channel"),
        "company": QT_TRANSLATE_NOOP("Refusal word", "company"),
        "cost book": QT_TRANSLATE_NOOP("Refusal word", "cost book"),
        "cost centre": QT_TRANSLATE_NOOP("Refusal word", "cost centre"),
        "cost to serve rule": QT_TRANSLATE_NOOP("Refusal word", "rule of costs to serve"),
        "cost to serve run": QT_TRANSLATE_NOOP("Refusal word", "sharing of costs to serve"),
        "customer return": QT_TRANSLATE_NOOP("Refusal word", "customer return"),
        "employee": QT_TRANSLATE_NOOP("Refusal word", "employee"),
        "goods receipt": QT_TRANSLATE_NOOP("Refusal word", "goods receipt"),
        "goods transfer": QT_TRANSLATE_NOOP("Refusal word", "goods transfer"),
        "goods transfer line": QT_TRANSLATE_NOOP("Refusal word", "line of the goods transfer"),
        "goods receipt line": QT_TRANSLATE_NOOP("Refusal word", "line of the goods receipt"),
        "journal entry": QT_TRANSLATE_NOOP("Refusal word", "journal entry"),
        "landed cost": QT_TRANSLATE_NOOP("Refusal word", "landed cost"),
        "lot": QT_TRANSLATE_NOOP("Refusal word", "lot"),
        "party": QT_TRANSLATE_NOOP("Refusal word", "customer or supplier"),
        "period": QT_TRANSLATE_NOOP("Refusal word", "period"),
        "price": QT_TRANSLATE_NOOP("Refusal word", "price"),
        "price correction": QT_TRANSLATE_NOOP("Refusal word", "price correction"),
        "price level": QT_TRANSLATE_NOOP("Refusal word", "price level"),
        "product": QT_TRANSLATE_NOOP("Refusal word", "product"),
        "product unit": QT_TRANSLATE_NOOP("Refusal word", "unit of the product"),
        "purchase order": QT_TRANSLATE_NOOP("Refusal word", "purchase order"),
        "purchase order line": QT_TRANSLATE_NOOP("Refusal word", "line of the purchase order"),
        "purpose": QT_TRANSLATE_NOOP("Refusal word", "account of this purpose"),
        "role": QT_TRANSLATE_NOOP("Refusal word", "role"),
        "sales invoice": QT_TRANSLATE_NOOP("Refusal word", "sales invoice"),
        "sales order": QT_TRANSLATE_NOOP("Refusal word", "sales order"),
        "sales order line": QT_TRANSLATE_NOOP("Refusal word", "line of the sales order"),
        "shipment": QT_TRANSLATE_NOOP("Refusal word", "shipment"),
        "shipment line": QT_TRANSLATE_NOOP("Refusal word", "line of the shipment"),
        "stock count": QT_TRANSLATE_NOOP("Refusal word", "stock count"),
        "storage rate": QT_TRANSLATE_NOOP("Refusal word", "storage rate"),
        "supplier return": QT_TRANSLATE_NOOP("Refusal word", "purchase return"),
        "unit": QT_TRANSLATE_NOOP("Refusal word", "unit"),
        "warehouse": QT_TRANSLATE_NOOP("Refusal word", "warehouse"),
    },
    "field": {
        "category": QT_TRANSLATE_NOOP("Refusal word", "category"),
        "chart of accounts": QT_TRANSLATE_NOOP("Refusal word", "chart of accounts"),
        "code": QT_TRANSLATE_NOOP("Refusal word", "code"),
        "commission rate": QT_TRANSLATE_NOOP("Refusal word", "commission rate"),
        "cost method": QT_TRANSLATE_NOOP("Refusal word", "costing method"),
        "costing method": QT_TRANSLATE_NOOP("Refusal word", "costing method"),
        "cost pool": QT_TRANSLATE_NOOP("Refusal word", "cost pool"),
        "currency": QT_TRANSLATE_NOOP("Refusal word", "currency"),
        "currency places": QT_TRANSLATE_NOOP("Refusal word", "decimals of the currency"),
        "denominator": QT_TRANSLATE_NOOP("Refusal word", "number of units"),
        "external number": QT_TRANSLATE_NOOP("Refusal word", "channel's number"),
        "from qty": QT_TRANSLATE_NOOP("Refusal word", "quantity from which a price holds"),
        "list price": QT_TRANSLATE_NOOP("Refusal word", "list price"),
        "login": QT_TRANSLATE_NOOP("Refusal word", "sign-in name"),
        "lot": QT_TRANSLATE_NOOP("Refusal word", "lot"),
        "manager": QT_TRANSLATE_NOOP("Refusal word", "manager"),
        "maximum qty": QT_TRANSLATE_NOOP("Refusal word", "maximum"),
        "minimum qty": QT_TRANSLATE_NOOP("Refusal word", "minimum"),
        "name": QT_TRANSLATE_NOOP("Refusal word", "name"),
        "numerator": QT_TRANSLATE_NOOP("Refusal word", "number of stock units"),
        "owner": QT_TRANSLATE_NOOP("Refusal word", "owner"),
        "parent": QT_TRANSLATE_NOOP("Refusal word", "record that this is part of"),
        "payment days": QT_TRANSLATE_NOOP("Refusal word", "days to pay"),
        "reason": QT_TRANSLATE_NOOP("Refusal word", "reason"),
        "rate": QT_TRANSLATE_NOOP("Refusal word", "rate"),
        "receipts": QT_TRANSLATE_NOOP("Refusal word", "goods receipt"),
        "revenue posting": QT_TRANSLATE_NOOP("Refusal word", "revenue posting"),
        "shares": QT_TRANSLATE_NOOP("Refusal word", "share of each line"),
        "text": QT_TRANSLATE_NOOP("Refusal word", "text"),
        "time zone": QT_TRANSLATE_NOOP("Refusal word", "time zone"),
        "tracking": QT_TRANSLATE_NOOP("Refusal word", "tracking by lot"),
        "unit": QT_TRANSLATE_NOOP("Refusal word", "unit"),
        "unit cost places": QT_TRANSLATE_NOOP("Refusal word", "decimals of the unit cost"),
        "unit price": QT_TRANSLATE_NOOP("Refusal word", "unit price"),
        "volume m3": QT_TRANSLATE_NOOP("Refusal word", "volume"),
        "warehouse": QT_TRANSLATE_NOOP("Refusal word", "warehouse"),
        "weight kg": QT_TRANSLATE_NOOP("Refusal word", "weight"),
        "year": QT_TRANSLATE_NOOP("Refusal word", "year"),
    },
    "permission": {
        "admin": QT_TRANSLATE_NOOP("Refusal word", "administer the company"),
        "budget.read": QT_TRANSLATE_NOOP("Refusal word", "see budgets"),
        "budget.write": QT_TRANSLATE_NOOP("Refusal word", "change budgets"),
        "cost.read": QT_TRANSLATE_NOOP("Refusal word", "see costs"),
        "cost.write": QT_TRANSLATE_NOOP("Refusal word", "change costs"),
        "goods.count": QT_TRANSLATE_NOOP("Refusal word", "count stock"),
        "goods.read": QT_TRANSLATE_NOOP("Refusal word", "see stock"),
        "goods.receive": QT_TRANSLATE_NOOP("Refusal word", "receive goods"),
        "goods.ship": QT_TRANSLATE_NOOP("Refusal word", "ship goods"),
        "goods.transfer": QT_TRANSLATE_NOOP("Refusal word", "move stock"),
        "import.run": QT_TRANSLATE_NOOP("Refusal word", "import files"),
        "ledger.post": QT_TRANSLATE_NOOP("Refusal word", "post journal entries"),
        "ledger.read": QT_TRANSLATE_NOOP("Refusal word", "see the ledger"),
        "master.read": QT_TRANSLATE_NOOP("Refusal word", "see products and parties"),
        "master.write": QT_TRANSLATE_NOOP("Refusal word", "change products and parties"),
        "people.read": QT_TRANSLATE_NOOP("Refusal word", "see employees"),
        "people.write": QT_TRANSLATE_NOOP("Refusal word", "change employees"),
        "period.close": QT_TRANSLATE_NOOP("Refusal word", "close periods"),
        "purchasing.read": QT_TRANSLATE_NOOP("Refusal word", "see purchasing"),
        "purchasing.return": QT_TRANSLATE_NOOP("Refusal word", "return goods to suppliers"),
        "purchasing.write": QT_TRANSLATE_NOOP("Refusal word", "purchase"),
        "sales.read": QT_TRANSLATE_NOOP("Refusal word", "see sales"),
        "sales.return": QT_TRANSLATE_NOOP("Refusal word", "take in returns"),
        "sales.write": QT_TRANSLATE_NOOP("Refusal word", "sell"),
    },
}


def is_worded(place: str, value: str) -> bool:
    """Whether `value` has a word of its own as `place` of a sentence."""
    return _key(place, value) in _WORDS[place]


def worded(place: str, value: str) -> str:
    """The word for `value` in the program's language; one that is not known here is shown by its own name."""
    key = _key(place, value)
    return translate("Refusal word", _WORDS[place].get(key, key))


def _key(place: str, value: str) -> str:
    return value if place in ("status", "permission") else value.removesuffix("_id").replace("_", " ")
