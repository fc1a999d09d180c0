"""What stock is worth: cost streams over pools, layers and consumption edges; landed cost; cost to serve.

Here: pure rules, numbered as on the design page "Inventory costing". Not here: SQL, Qt, the clock, postings, dates: the caller
orders events. Imports only `numbers`. Streams count in integers (quantities and unit costs of 10**-6, values of the currency's
minor unit); what people enter comes through `scaled.scale`, which refuses what does not fit (`numbers.NumberNotExact`).

stream.py - all pools of one product in one cost book

    stream = Stream(currency_places, unit_cost_places=None, shares_variance=False)
    stream.open_pool(number, method, state=..., allow_negative=..., standard=...)      # or qty=, value=, layers=... as it stands
    stream.expect(keys), stream.know_issue(...), stream.know_receipt(...)              # what events name outside of this run
    stream.run(events, with_takes=True) -> Result(costs, takes, arrivals, effects, layer_changes, variances)
    stream.pools[number]: .method .qty .value .last_unit_cost .standard .layers() .state()

events.py - Event, its Kind, and what comes of it        errors.py - what cannot be counted
stock.py - what every pool has in common                 layered.py - first in first out, last in first out, specific cost
averages.py - moving and month-end average               standard.py - standard and plan cost
packing.py - a pool's state as bytes                     scaled.py - exact integers, the one rounding rule
landed_cost.py - sharing freight, duty, insurance and handling over receipt lines, in Decimals
cost_to_serve.py - storage, labour and fees shared over products and orders (rule 13)
cases.py, case_books.py - published cases: python -m erp_desktop.costing CASE.json ... [--json]
"""
