"""Which role may do what. A role is a named set of permissions; actions and tables name the one that they need."""

_READ_TRADE = {"master.read", "goods.read"}

ROLES: dict[str, tuple[str, frozenset[str]]] = {
    "warehouse": (
        "Warehouse",
        frozenset(
            _READ_TRADE
            | {
                "purchasing.read",
                "purchasing.return",
                "sales.read",
                "goods.receive",
                "goods.ship",
                "goods.count",
                "goods.scrap",
                "goods.transfer",
                "sales.return",
            }
        ),
    ),
    "purchasing": (
        "Purchasing",
        frozenset(
            _READ_TRADE
            | {"purchasing.read", "purchasing.write", "purchasing.return", "cost.read", "master.write", "budget.read"}
            | {"import.run"}
        ),
    ),
    "sales": (
        "Sales",
        frozenset(_READ_TRADE | {"sales.read", "sales.write", "sales.return", "master.write", "import.run"}),
    ),
    "accountant": (
        "Accountant",
        frozenset(
            _READ_TRADE
            | {"purchasing.read", "sales.read", "sales.write", "cost.read", "cost.write", "ledger.read", "ledger.post"}
            | {"period.close", "budget.read", "budget.write", "master.write", "goods.count", "goods.scrap"}
            | {"import.run"}
        ),
    ),
    "manager": (
        "Manager",
        frozenset(
            _READ_TRADE
            | {"purchasing.read", "purchasing.write", "sales.read", "sales.write", "cost.read", "ledger.read"}
            | {"budget.read", "budget.write", "people.read", "audit.read"}
        ),
    ),
    "hr": ("People", frozenset({"people.read", "people.write"})),
}

ALL_PERMISSIONS: frozenset[str] = frozenset(
    {"import.run", "admin"}.union(*(permissions for _, permissions in ROLES.values()))
)

ROLES["administrator"] = ("Administrator", ALL_PERMISSIONS)
