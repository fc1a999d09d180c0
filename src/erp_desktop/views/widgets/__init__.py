"""The widgets that every screen is made of: one table, one form binder, one line grid, one shape for messages.

A list screen, whole::

    from erp_desktop.queries.purchasing import PurchaseOrders
    from erp_desktop.views.widgets.cells import CellKind, TableColumn
    from erp_desktop.views.widgets.list_model import ListFilter, ListSpec
    from erp_desktop.views.widgets.list_screen import ListScreen

    def purchase_orders_screen(desk, shell, filters=()):
        spec = ListSpec(
            columns=(
                TableColumn("number", translate("PurchaseOrders", "Number"), width=150),
                TableColumn("supplier_name", translate("PurchaseOrders", "Supplier"), stretches=True),  # 中文 name by itself
                TableColumn("ordered_on", translate("PurchaseOrders", "Ordered"), CellKind.DATE),
                TableColumn("status", translate("PurchaseOrders", "Status"), CellKind.STATUS),
                TableColumn("total", translate("PurchaseOrders", "Amount"), CellKind.MONEY),
            ),
            query=PurchaseOrders,  # callable(ListRequest) -> Query; its `tables` say when to refresh
            filters=(ListFilter("status", translate(...), ((OneOf(("confirmed", "part_received")), "To receive"), ...)),),
            first_filters=filters,  # from shell.open_screen("purchase_orders", filters=(("status", ...),))
            empty_text=translate("PurchaseOrders", "No purchase orders yet"),
            name=translate("PurchaseOrders", "Purchase orders"),
        )
        screen = ListScreen(desk, spec.name, spec, open_row=lambda row: shell.open_screen("purchase_order", order_id=row.id))
        new = screen.add_command("purchase_orders.new", translate(...), lambda: ..., "Ctrl+N", "plus")
        screen.header.add_button(new, "plus", primary=True)
        return screen

    register_screen("purchase_orders", QT_TRANSLATE_NOOP("Screen", "Purchase orders"), "purchase_order", "buy",
                    purchase_orders_screen, "purchasing.read")            # views/shell/screens.py

Modules of the rail: home sell buy warehouse stock costing ledger budget reports alerts settings. Home opens the lists
"purchase_orders", "sales_orders" and "products" with `filters=`. A screen is made anew when the language changes, so it
translates its texts where it builds them; nothing else is to be done for that.

- `asking.when_done(future, receiver, on_result, on_refused=None, on_failed=None)`: an answer on the window's thread.
  `asking.say(sentence)`: status bar. Refusals and failures that nobody takes show in the window's banner.
- `record_table.RecordTable(desk, spec, parent, offer)`: `opened(row)`, `current_changed(row)`, `selection_changed`,
  `.take_selected(then)` (every selected record, read or not), `.current()`, `.refresh()`, `.set_filter(name, value)`,
  `.set_filters(filters)`, `.select_row(n)`. It reads again at F5; a page around it that has F5 too refreshes its tables itself.
- `screen_view.ScreenView`: base of every tab: `set_title`, `set_dirty`, `save(then)`, `show_args(**args)`, `close_asked`,
  `add_command(key, text, run, shortcut, icon)`.
- `list_screen.ListScreen`, `list_screen.PageHeader(title).add_button(action, icon, primary=True)`.
- `banner.Banner.show_sentence("late" | "warning", sentence, buttons)`, `state_page.StatePage.show_state(icon, title, ...)`.
- `statuses.status_look(status)`, `status_text(status)`; `table_view.paint_status`.
- `icons.icon(name, token)`, `icons.set_icon(button_or_action, name, token)`; names are the files of resources/icons.
  `picture.Picture(size).show_icon(name, token)`: beside words.
- `theme.current_theme().color(token)`, `theme.sized_font(font, pixels, bold=True)`.
- `shell.jobs.run(title, work(job), on_done)`: long work; `job.report(done, total)` also notices Cancel.

Forms (resources/ui/NAME.ui; in the .ui promote QLineEdit to NumberField, DateField, LookupField and QTableView to LineGrid)::

    form = load_form("purchase_order", self)                       # widgets/form.py
    binder = FormBinder(form, fields=("supplier", "ordered_on", "reference", "note"), needed=("supplier", "lines"))
    binder.widget("supplier").use(desk, LookupSpec(Parties, filters=(("is_supplier", True),), fact=lambda row: row.code))
    binder.show({"supplier": LookupItem(id, code, name), "ordered_on": date, ...})   # as saved: no dots
    values = binder.read()          # dict of typed values, or None: the problems are shown, the first one has the focus
    binder.dirty_changed.connect(self.set_dirty); binder.accept(); binder.show_refusal(refused); binder.show_state("confirmed")
    binder.use_action("do_confirm", self.add_command("purchase_order.confirm", ..., "Ctrl+Return"))

NumberField has the dynamic property `kind`: money, qty, unit_price, rate, integer. Values: Decimal, date, LookupItem, str,
bool, a QComboBox's itemData. `required` (bool), `readonlyWhen` ("confirmed received cancelled"), `help` are dynamic too.

Lines::

    grid = binder.widget("lines")                                  # widgets/line_grid.py
    grid.use(desk, LineSpec(
        columns=(LineColumn("product", "SKU", lookup=LookupSpec(Products), is_required=True),
                 LineColumn("qty", "Qty", CellKind.QTY, is_required=True), LineColumn("unit_price", "Price", CellKind.UNIT_COST),
                 LineColumn("amount", "Amount", CellKind.MONEY, is_computed=True)),
        compute=lambda line: {"amount": ...},        # line["qty"] may be None
        fill=lambda item: {"unit_price": item.row.list_price},
        beside=lambda: places))                      # all else that compute looks at: lines are computed once while it stays
    grid.show_lines([{"id": ..., "product": LookupItem(...), "qty": Decimal(1), ...}]); grid.lines(); grid.problems()
    grid.model_of_lines.total("amount"); grid.changed.connect(binder.note_other_change); grid.set_read_only(True)

Reports: `report_table.ReportTable(section)` shows one ScreenSection (reports/screen.py); `drilled(link)` on Enter.
"""
