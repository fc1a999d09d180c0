"""What every document's page is made of: header with the path of its states, buttons by state, related documents, printing.

The key of a document's screen is its table ("purchase_order", "goods_receipt"), its argument `id`, so that whoever knows a
document opens it with `shell.open_screen(kind, id=...)`.
"""
