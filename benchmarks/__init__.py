"""How fast it is: `python -m benchmarks.NAME` prints one JSON object a line and a table for people on stderr.

workload.py   - purchase to shipment, costing and reports on SQLite and PostgreSQL, in process and through HTTP
costing.py    - moves a second in every costing method against a bare loop, memory, many products
window.py     - start, perform on the desk, and the longest block of the window's thread
importing.py  - half a million order lines taken in
sample.py     - making the sample company
"""
