"""What stock is worth: cost pools, layers and consumption edges, landed cost, replay of a pool's history.

Here: pure rules on Decimals; scaled integers inside. Not here: SQL, Qt, the clock, postings. Imports only `numbers`.
Quantities are in stock units (6 places), values in company currency with no more places than the currency has; a number
that does not fit raises `numbers.NumberNotExact`. The rules numbered below are those of the design page "Inventory costing".

pool.py - one pool, one move after the other

    open_pool(method, currency_places, layers=(), last_unit_cost=None) -> CostPool      # "fifo" | "moving_average"
    pool.receive(key, seq, qty, value) -> Received(layer: Layer, opened: bool, true_ups: tuple[TrueUp, ...])
    pool.issue(qty, *, key=None, seq=0, allow_negative=False) -> Issued(value, takes: tuple[Take, ...])
    pool.return_to_supplier(receipt_key, qty, *, receipt_qty=None, receipt_value=None, key=None, seq=0,
                            allow_negative=False) -> Issued
    pool.revalue(layer_key, amount) -> Layer          # landed cost, price difference: value without quantity
    pool.revalue_all(amount) -> tuple[Layer, ...]     # spread over all layers by quantity
    pool.current_cost(qty) -> Decimal                 # goods found without a stated cost (rule 9)
    pool.on_hand, pool.value, pool.unit_cost, pool.last_unit_cost, pool.layers, pool.changed_layers()
    cost_of_return(issue_cost, issue_qty, returned_qty, returned_value, qty, currency_places) -> Decimal
    Layer(key, seq, qty, value)   Take(layer_key, qty, value)   TrueUp(issue_key, qty, estimated, cost) .amount

`layers` come and go in the order of the queue: by business date, then seq (the caller sorts, `seq` is only carried along).
`issue` raises NotEnoughStock(on_hand, asked). With allow_negative the missing part is costed at the last known cost and
becomes a layer of its own with negative quantity and value, named by the issue's `key` and `seq` (both then required);
its take names that layer. The receipt that covers it reports `true_ups`: `amount` = `cost` - `estimated` goes to cost of
sales, linked to `issue_key`, and the issue's edge moves from its own layer to the receipt's. A receipt's `layer` may come
back with quantity 0 (all of it covered what was missing). `changed_layers()` gives the layers that differ from what was
opened, those emptied since with quantity 0 and value 0.

landed_cost.py - value that arrives later (rule 7)

    share_landed_cost(amount, bases, minor_unit) -> list[Decimal]         # raises NoBasisToShareBy if bases add up to 0
    share_or_equal(amount, bases, minor_unit) -> Shares(amounts, fell_back_to_equal)
    split_by_on_hand(amount, qty_in, qty_left, minor_unit, value_left=None) -> Split(to_inventory, to_cost_of_sales)
    left_of_receipt(qty_in, came_in_later, on_hand) -> Decimal   # average pools: what is left of one receipt, oldest first
    spread_over_issues(amount, taken: Sequence[tuple[UUID, Decimal]], minor_unit) -> dict[UUID, Decimal]

replay.py - the whole history of a pool, linear in its moves

    replay(moves, method, currency_places, start=(), last_unit_cost=None, allow_negative=False) -> Replay
    Move(key, kind: MoveKind, date, seq, qty, value=None, of=None)
    Replay: .cost(key) .costs() .settled(key) .edges() .layers .on_hand .value .expensed .last_unit_cost
    differences(before, after) -> tuple[Difference(key, before, after), ...]   # .amount = after - before

cases.py - published cases: python -m erp_desktop.costing CASE.json ... [--json]
"""
