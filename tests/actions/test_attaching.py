"""Files at documents: who may attach and remove them, which are refused, and what is left of one that was removed."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from company_fixtures import ActionRefused, SmallCompany
from erp_desktop.actions.attaching import AttachFile, RemoveAttachment, fitting_name, is_file_name
from erp_desktop.actions.base import Action
from erp_desktop.actions.opening import SaveUser
from erp_desktop.ids import new_id
from erp_desktop.models.attachment import LARGEST_ATTACHMENT, Attachment

HASH = "ab" * 32


def attached(company: SmallCompany, **changed: Any) -> AttachFile:
    """A contract, attached to the supplier."""
    usual: dict[str, Any] = {
        "attachment_id": new_id(),
        "document_kind": "party",
        "document_id": company.supplier,
        "name": "合同 2026.pdf",
        "media_type": "application/pdf",
        "size": 1_000,
        "sha256": HASH,
    }
    return AttachFile(**{**usual, **changed})


def row(company: SmallCompany, attachment_id: UUID) -> Attachment:
    with company.session() as session:
        return session.scalars(select(Attachment).where(Attachment.id == attachment_id)).one()


def test_a_file_is_attached_and_its_removal_leaves_who_and_when(company: SmallCompany):
    contract = attached(company)
    company.perform(contract)
    stored = row(company, contract.attachment_id)
    assert (stored.document_kind, stored.document_id) == ("party", company.supplier)
    assert (stored.name, stored.size, stored.sha256, stored.removed_at) == ("合同 2026.pdf", 1_000, HASH, None)

    company.perform(RemoveAttachment(contract.attachment_id))
    first = row(company, contract.attachment_id)
    assert first.removed_at is not None
    assert first.removed_by == first.added_by
    company.perform(RemoveAttachment(contract.attachment_id))  # a second person wanted the same
    assert row(company, contract.attachment_id).removed_at == first.removed_at


@pytest.mark.parametrize(
    ("changed", "code", "sentence"),
    [
        ({"size": LARGEST_ATTACHMENT + 1}, "file_too_large", "has 26 MB; a file that is attached has 25 MB at most"),
        ({"size": 0}, "file_empty", "is empty"),
        ({"name": "../../etc/passwd"}, "file_name_refused", "cannot be called"),
        ({"name": "invoice\u202efdp.exe"}, "file_name_refused", "cannot be called"),
        ({"name": ""}, "file_name_refused", "cannot be called"),
        ({"document_kind": "journal_line"}, "no_files_here", "Attach the file to its document"),
        ({"document_kind": "user_secret"}, "no_files_here", "Attach the file to its document"),
        ({"document_id": UUID(int=7)}, "not_found", "is not here any more"),
        ({"sha256": "no hash"}, "malformed", ""),
        ({"media_type": "text/html; charset=\n"}, "malformed", ""),
    ],
)
def test_what_cannot_be_attached_is_refused_in_words(
    company: SmallCompany, changed: dict[str, Any], code: str, sentence: str
):
    with pytest.raises(ActionRefused) as refused:
        company.perform(attached(company, **changed))
    assert refused.value.code == code
    assert sentence in str(refused.value)


def test_who_may_not_read_a_document_can_attach_nothing_to_it_and_remove_nothing(company: SmallCompany):
    clerk = new_id()
    company.perform(SaveUser(user_id=clerk, login="dock", name="Dock", role_codes=("warehouse",)))
    of_a_cost = attached(company, document_kind="landed_cost", document_id=new_id())
    of_a_party = attached(company)

    def answered(*actions: Action) -> list[str]:
        results = company.centre.perform_local(company.company_id, clerk, actions)
        return [(one.problem or {"code": one.outcome})["code"] for one in results]

    assert answered(of_a_cost, of_a_party) == ["not_permitted", "applied"]

    order = company.purchase_order(("BOX", "1", "1"))
    receipt = company.receive(order, "1")
    count = attached(company, document_kind="goods_receipt", document_id=receipt)
    company.perform(count)
    company.perform(SaveUser(user_id=clerk, login="dock", name="Dock", role_codes=("hr",)))
    assert answered(RemoveAttachment(count.attachment_id)) == ["not_permitted"]


@given(st.text(max_size=400))
def test_every_file_can_be_attached_under_a_fitting_name(name: str):
    assert is_file_name(fitting_name(name))


def test_a_long_name_keeps_its_ending():
    assert fitting_name("a" * 300 + ".pdf").endswith("aaa.pdf")
