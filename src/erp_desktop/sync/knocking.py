"""Knocking at an office's door before anybody's password is sent: is the address one, does the centre answer, is the
company there?

What can be wrong with an address is told apart here, so that each has its own sentence.
"""

import ssl
import unicodedata
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from erp_desktop import wire
from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP
from erp_desktop.sync.in_the_clear import NotEncrypted, refuse_in_the_clear
from erp_desktop.sync.signing_in import CentreOutOfReach, ProgramTooOld
from erp_desktop.sync.transport import Answered, NoAnswer, Timing, Transport, causes

_SCHEMES = ("https", "http")
_MOST_COMPANIES_NAMED = 8


class NotAnAddress(Refused):
    code = "not_an_address"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{address} is not the address of a central service. It looks like https://erp.example.com; "
        "an administrator knows it.",
    )


class NobodyByThatName(Refused):
    code = "nobody_by_that_name"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "No computer called {host} can be found. Check the address, and that this computer is on the network.",
    )


class NotTheCentre(Refused):
    code = "not_the_centre"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "Something answers at {address}, but it is not the central service. Check the address."
    )


class CertificateNotTrusted(Refused):
    code = "certificate_not_trusted"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "{host} cannot prove that it is the central service: its certificate is not trusted here. "
        "Your password was not sent. Ask an administrator.",
    )


class CentreTooOld(Refused):
    code = "centre_too_old"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "The central service is older than this program. An administrator has to upgrade it first."
    )


class CompanyNotThere(Refused):
    code = "company_not_there"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This central service has no company {company}. Its companies are: {companies}."
    )


class NoCompanyYet(Refused):
    code = "no_company_yet"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal", "This central service has no company yet. An administrator opens the first one."
    )


@dataclass(frozen=True)
class Door:
    """An office that answered: its address as it is kept, and the company's code as the centre writes it."""

    address: str
    company: str


def tidy_address(typed: str) -> str:
    """One way to write an address, so that the same office is always the same: https unless http was typed, no slash at
    the end, and full-width characters of an input method taken for what they mean. Raises NotAnAddress.
    """
    text = unicodedata.normalize("NFKC", typed).replace("。", ".").strip()
    if "://" not in text:
        text = ("http://" if _is_this_computer(text) else "https://") + text
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotAnAddress(address=typed.strip()) from None
    is_one = parts.scheme.lower() in _SCHEMES and host and not any(mark.isspace() for mark in text)
    if not is_one or parts.username or parts.query or parts.fragment:  # a copied link, or not meant for the centre
        raise NotAnAddress(address=typed.strip())
    shown_host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme.lower()}://{shown_host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def knock(address: str, company: str, timing: Timing | None = None) -> Door:
    """Finds the centre at `address` and the company in it, however its code was typed. Blocks; sends no password.

    Raises NotAnAddress, NobodyByThatName, CentreOutOfReach, NotTheCentre, CertificateNotTrusted, NotEncrypted, ProgramTooOld,
    CentreTooOld, CompanyNotThere, NoCompanyYet.
    """
    tidy = tidy_address(address)
    refuse_in_the_clear(tidy)
    transport = Transport(lambda: tidy, timing)
    try:
        hello = transport.get("/v1/sync/hello", wire.Hello)
    except Answered as error:
        raise NotTheCentre(address=tidy) from error
    except NoAnswer as error:
        raise _why(error, tidy) from error
    finally:
        transport.close()
    if hello.protocol[0] > wire.PROTOCOL[1]:
        raise ProgramTooOld()
    if hello.protocol[1] < wire.PROTOCOL[0]:
        raise CentreTooOld()
    codes = [known["code"] for known in hello.companies]
    if not codes:
        raise NoCompanyYet()
    wanted = company.strip()
    for code in codes:
        if code == wanted:
            return Door(tidy, code)
    for code in codes:
        if code.casefold() == wanted.casefold():
            return Door(tidy, code)
    named = ", ".join(codes[:_MOST_COMPANIES_NAMED]) + (" …" if len(codes) > _MOST_COMPANIES_NAMED else "")
    raise CompanyNotThere(company=wanted, companies=named)


def _why(error: NoAnswer, address: str) -> Refused:
    """What stood in the way, read from the chain of errors below `error`."""
    if error.code:
        return CentreOutOfReach()  # the centre itself says that it is busy
    if error.__cause__ is None:
        return NotTheCentre(address=address)  # somebody answered, and it was no answer of a centre
    from urllib3.exceptions import NameResolutionError

    host = urlsplit(address).hostname or address
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateNotTrusted(host=host)
        if isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
            return NotEncrypted(host=host)
        if isinstance(cause, NameResolutionError | UnicodeError):
            return NobodyByThatName(host=host)
    return CentreOutOfReach()


def _is_this_computer(text: str) -> bool:
    host = (urlsplit(f"//{text}").hostname or "") if "[" not in text or "]" in text else ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
