"""The workload's documents as actions, in a company of the workload's base data."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from benchmarks import workload_data
from erp_desktop.actions.base import Action
from erp_desktop.actions.invoicing import PostSalesInvoice
from erp_desktop.actions.masters import SaveCategory, SaveMasters, SaveParty, SaveProduct
from erp_desktop.actions.opening import OpenCompany, OpenPeriods
from erp_desktop.actions.purchasing import ConfirmPurchaseOrder, PurchaseLine, SavePurchaseOrder
from erp_desktop.actions.receiving import ReceivedLine, ReceiveGoods
from erp_desktop.actions.refusals import Problem
from erp_desktop.actions.selling import AllocateSalesOrder, ConfirmSalesOrder, SalesLine, SaveSalesOrder
from erp_desktop.actions.shipping import ShipOrder
from erp_desktop.central.performing import Centre
from erp_desktop.ids import derived_id, new_id

PASSWORD = "correct horse battery"
LOGIN = "owner"
METHODS = {"fifo": "fifo", "average": "moving_average"}


class Business:
    """A company with the workload's products, suppliers and customers; revenue is posted by its own invoice (W8)."""

    def __init__(self, centre: Centre, products: int, code: str = "BENCH") -> None:
        self.centre = centre
        self.product_count = products
        self.today = datetime.now(UTC).date()
        self.owner_id = new_id()
        self.company_id = centre.open_company(
            OpenCompany(
                code=code,
                name="Benchmark company",
                currency="CNY",
                time_zone="Asia/Shanghai",
                chart="ifrs-trading",
                first_period_on=self.today,
                owner_id=self.owner_id,
                owner_login=LOGIN,
                owner_name="Owner",
                revenue_at="invoice",
            ),
            PASSWORD,
        )
        self.code = code
        self.warehouse = self.id("warehouse", "MAIN")
        self.bin = self.id("bin", "STOCK")
        self.channel = self.id("channel", "DIRECT")
        self._masters()

    def id(self, kind: str, *names: object) -> UUID:
        """The id of something in this company by its kind and name."""
        return derived_id(kind, self.company_id, *(str(name) for name in names))

    def perform(self, *actions: Action) -> None:
        """All of `actions` in one transaction (up to the centre's limit). Raises RuntimeError on a refusal."""
        for result in self.centre.perform_local(self.company_id, self.owner_id, actions):
            if result.outcome != "applied":
                raise RuntimeError(Problem.from_dict(result.problem or {}).sentence)

    def _masters(self) -> None:
        units = self.id("unit", "PC")
        self.perform(
            OpenPeriods(self.today.year - 1),
            OpenPeriods(self.today.year - 2),
            OpenPeriods(self.today.year - 3),
            *(
                SaveCategory(self.id("category", name), name, name, cost_method=method)
                for name, method in METHODS.items()
            ),
            SaveMasters(
                parties=(
                    *(SaveParty(self.id("supplier", n), f"S{n}", f"Supplier {n}", is_supplier=True) for n in range(workload_data.SUPPLIERS)),
                    *(SaveParty(self.id("customer", n), f"C{n}", f"Customer {n}", is_consumer=True) for n in range(workload_data.CUSTOMERS)),
                )
            ),
        )  # fmt: skip
        all_products = workload_data.products(self.product_count)
        for start in range(0, len(all_products), 500):
            self.perform(
                SaveMasters(
                    products=tuple(
                        SaveProduct(
                            self.id("product", start + place), code, name, self.id("category", method), units,
                            list_price=Decimal(cents) / 100,
                        )
                        for place, (code, name, method, cents) in enumerate(all_products[start : start + 500])
                    )
                )
            )  # fmt: skip

    def add_product(self, code: str, method: str) -> UUID:
        """One more product, costed by `method` (fifo or average)."""
        product = self.id("further product", code)
        category, unit = self.id("category", method), self.id("unit", "PC")
        self.perform(SaveMasters(products=(SaveProduct(product, code, code, category, unit),)))
        return product

    def w1(self, d: int, on: date | None = None) -> list[Action]:
        """Purchase order d, raised and confirmed."""
        supplier, lines = workload_data.purchase_order(d, self.product_count)
        order = self.id("purchase order", d)
        day = on or self.today
        return [
            SavePurchaseOrder(
                order,
                self.id("supplier", supplier),
                self.warehouse,
                day,
                day,
                tuple(
                    PurchaseLine(
                        self.id("purchase line", d, place),
                        self.id("product", product),
                        Decimal(qty),
                        Decimal(cents) / 100,
                    )
                    for place, (product, qty, cents) in enumerate(lines)
                ),
            ),
            ConfirmPurchaseOrder(order),
        ]

    def w2(self, d: int, on: date | None = None) -> list[Action]:
        """Purchase order d, received in full."""
        _, lines = workload_data.purchase_order(d, self.product_count)
        received = tuple(
            ReceivedLine(self.id("purchase line", d, place), Decimal(qty)) for place, (_, qty, _) in enumerate(lines)
        )
        return [ReceiveGoods(self.id("receipt", d), self.id("purchase order", d), on or self.today, received)]

    def w3_order(self, d: int) -> list[Action]:
        """Sales order d: written down, confirmed, stock promised."""
        customer, lines = workload_data.sales_order(d, self.product_count)
        order = self.id("sales order", d)
        return [
            SaveSalesOrder(
                order,
                self.channel,
                self.warehouse,
                self.today,
                self.today,
                tuple(
                    SalesLine(
                        self.id("sales line", d, place), self.id("product", product), Decimal(qty), Decimal(cents) / 100
                    )
                    for place, (product, qty, cents) in enumerate(lines)
                ),
                customer_id=self.id("customer", customer),
            ),
            ConfirmSalesOrder(order),
            AllocateSalesOrder(order),
        ]

    def w3_ship(self, d: int) -> list[Action]:
        """Sales order d, shipped in full."""
        return [ShipOrder(self.id("shipment", d), self.id("sales order", d), self.today, tracking_number=f"T{d}")]

    def w8(self, d: int) -> list[Action]:
        """The invoice of sales order d."""
        return [PostSalesInvoice(self.id("invoice", d), self.id("sales order", d), self.today)]
