"""What each action is called when a person reads about it: in Needs attention and the history."""

import re
from uuid import UUID

from erp_desktop.actions.attaching import AttachFile
from erp_desktop.actions.base import Action
from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

_TITLES = {
    "OpenCompany": QT_TRANSLATE_NOOP("Action", "Open a company"),
    "SaveUser": QT_TRANSLATE_NOOP("Action", "Save a user"),
    "OpenPeriods": QT_TRANSLATE_NOOP("Action", "Open the periods of a year"),
    "SavePurchaseOrder": QT_TRANSLATE_NOOP("Action", "Save a purchase order"),
    "ConfirmPurchaseOrder": QT_TRANSLATE_NOOP("Action", "Confirm a purchase order"),
    "CancelPurchaseOrder": QT_TRANSLATE_NOOP("Action", "Cancel a purchase order"),
    "ReceiveGoods": QT_TRANSLATE_NOOP("Action", "Receive goods"),
    "EnterLandedCost": QT_TRANSLATE_NOOP("Action", "Enter a landed cost"),
    "ReturnToSupplier": QT_TRANSLATE_NOOP("Action", "Return goods to a supplier"),
    "CorrectReceiptPrices": QT_TRANSLATE_NOOP("Action", "Correct prices of a goods receipt"),
    "CorrectReceiptPrice": QT_TRANSLATE_NOOP("Action", "Correct the price of a goods receipt"),
    "SaveSalesOrder": QT_TRANSLATE_NOOP("Action", "Save a sales order"),
    "ConfirmSalesOrder": QT_TRANSLATE_NOOP("Action", "Confirm a sales order"),
    "TakeInChannelOrders": QT_TRANSLATE_NOOP("Action", "Take in orders of a channel"),
    "SaveMasters": QT_TRANSLATE_NOOP("Action", "Save several records"),
    "SetAccountPurpose": QT_TRANSLATE_NOOP("Action", "Choose the account of a purpose"),
    "AllocateSalesOrder": QT_TRANSLATE_NOOP("Action", "Allocate a sales order"),
    "ReleaseAllocation": QT_TRANSLATE_NOOP("Action", "Release the allocation of a sales order"),
    "CancelSalesOrder": QT_TRANSLATE_NOOP("Action", "Cancel a sales order"),
    "ShipOrder": QT_TRANSLATE_NOOP("Action", "Ship an order"),
    "ConfirmDelivery": QT_TRANSLATE_NOOP("Action", "Confirm deliveries"),
    "PostSalesInvoice": QT_TRANSLATE_NOOP("Action", "Post a sales invoice"),
    "TakeInReturn": QT_TRANSLATE_NOOP("Action", "Take in a return"),
    "TakeInReturnWithoutShipment": QT_TRANSLATE_NOOP("Action", "Take in a return without a shipment"),
    "CloseAnnouncedReturn": QT_TRANSLATE_NOOP("Action", "Close an announced return"),
    "ScrapStock": QT_TRANSLATE_NOOP("Action", "Scrap goods"),
    "CountStock": QT_TRANSLATE_NOOP("Action", "Count stock"),
    "RevalueStock": QT_TRANSLATE_NOOP("Action", "Revalue stock"),
    "WriteDownStock": QT_TRANSLATE_NOOP("Action", "Write stock down"),
    "SetStandardCost": QT_TRANSLATE_NOOP("Action", "Set standard costs"),
    "SetWindow": QT_TRANSLATE_NOOP("Action", "Set how far back computers hold documents"),
    "DispatchTransfer": QT_TRANSLATE_NOOP("Action", "Dispatch a goods transfer"),
    "ReceiveTransfer": QT_TRANSLATE_NOOP("Action", "Take in a goods transfer"),
    "CloseTransferShort": QT_TRANSLATE_NOOP("Action", "Close a goods transfer short"),
    "MoveStock": QT_TRANSLATE_NOOP("Action", "Move stock"),
    "PostJournalEntry": QT_TRANSLATE_NOOP("Action", "Post a journal entry"),
    "ClosePeriod": QT_TRANSLATE_NOOP("Action", "Close a period"),
    "OpenCostBook": QT_TRANSLATE_NOOP("Action", "Open a cost book"),
    "RenameCostBook": QT_TRANSLATE_NOOP("Action", "Rename a cost book"),
    "CloseCostBook": QT_TRANSLATE_NOOP("Action", "Close a cost book"),
    "ChangeCostMethod": QT_TRANSLATE_NOOP("Action", "Change a costing method"),
    "ReopenPeriod": QT_TRANSLATE_NOOP("Action", "Reopen a period"),
    "SaveBudget": QT_TRANSLATE_NOOP("Action", "Save a budget"),
    "SaveParty": QT_TRANSLATE_NOOP("Action", "Save a party"),
    "SaveProduct": QT_TRANSLATE_NOOP("Action", "Save a product"),
    "SaveCategory": QT_TRANSLATE_NOOP("Action", "Save a category"),
    "SaveUnit": QT_TRANSLATE_NOOP("Action", "Save a unit of measure"),
    "SaveWarehouse": QT_TRANSLATE_NOOP("Action", "Save a warehouse"),
    "SaveBin": QT_TRANSLATE_NOOP("Action", "Save a bin"),
    "SaveChannel": QT_TRANSLATE_NOOP("Action", "Save a channel"),
    "SavePriceLevel": QT_TRANSLATE_NOOP("Action", "Save a price level"),
    "SavePrice": QT_TRANSLATE_NOOP("Action", "Save a price"),
    "SaveBarcode": QT_TRANSLATE_NOOP("Action", "Save a barcode"),
    "SaveProductUnit": QT_TRANSLATE_NOOP("Action", "Save a unit of a product"),
    "SaveEmployee": QT_TRANSLATE_NOOP("Action", "Save an employee"),
    "SaveExchangeRate": QT_TRANSLATE_NOOP("Action", "Save an exchange rate"),
    "SaveCostCentre": QT_TRANSLATE_NOOP("Action", "Save a cost centre"),
    "SaveCostToServeRule": QT_TRANSLATE_NOOP("Action", "Save a rule of cost to serve"),
    "SetUpCostToServe": QT_TRANSLATE_NOOP("Action", "Set up cost to serve"),
    "SaveStorageRate": QT_TRANSLATE_NOOP("Action", "Save a storage rate"),
    "AllocateCostToServe": QT_TRANSLATE_NOOP("Action", "Share a period's cost to serve"),
    "AttachFile": QT_TRANSLATE_NOOP("Action", "Attach a file"),
    "RemoveAttachment": QT_TRANSLATE_NOOP("Action", "Remove an attachment"),
}

_DOCUMENTS = {  # the document that an action is about: its table, and the argument that names it
    "SavePurchaseOrder": ("purchase_order", "order_id"),
    "ConfirmPurchaseOrder": ("purchase_order", "order_id"),
    "CancelPurchaseOrder": ("purchase_order", "order_id"),
    "ReceiveGoods": ("purchase_order", "purchase_order_id"),
    "SaveSalesOrder": ("sales_order", "order_id"),
    "ConfirmSalesOrder": ("sales_order", "order_id"),
    "AllocateSalesOrder": ("sales_order", "order_id"),
    "ReleaseAllocation": ("sales_order", "order_id"),
    "CancelSalesOrder": ("sales_order", "order_id"),
    "ShipOrder": ("sales_order", "order_id"),
    "PostSalesInvoice": ("sales_order", "order_id"),
    "ConfirmDelivery": ("shipment", "shipment_ids"),
    "TakeInReturn": ("shipment", "shipment_id"),
    "CloseAnnouncedReturn": ("customer_return", "return_id"),
    "ReturnToSupplier": ("goods_receipt", "receipt_id"),
    "CorrectReceiptPrices": ("goods_receipt", "receipt_id"),
    "CorrectReceiptPrice": ("goods_receipt_line", "receipt_line_id"),
    "ClosePeriod": ("period", "period_id"),
    "ReopenPeriod": ("period", "period_id"),
    "RenameCostBook": ("cost_book", "book_id"),
    "CloseCostBook": ("cost_book", "book_id"),
    "ChangeCostMethod": ("cost_book", "book_id"),
}


def document_of(action: Action | None) -> tuple[str, UUID] | None:
    """The table and id of the document that `action` is about (the first of several), or of a line of it; None where there is none
    with a page."""
    if isinstance(action, AttachFile) and any(kind == action.document_kind for kind, _ in _DOCUMENTS.values()):
        return action.document_kind, action.document_id
    known = _DOCUMENTS.get(type(action).__name__)
    if known is None:
        return None
    named = getattr(action, known[1])
    ids = named if isinstance(named, tuple) else (named,)
    return (known[0], ids[0]) if ids else None


def action_title(name: str) -> str:
    """The words for an action's class name; one that is not known here keeps its own, spaced."""
    title = _TITLES.get(name)
    return translate("Action", title) if title else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
