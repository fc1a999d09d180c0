"""No password goes over a network in the clear. Loopback is no network; who really means it says so in the environment."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from erp_desktop.actions.refusals import Refused
from erp_desktop.i18n import QT_TRANSLATE_NOOP

ALLOWED_VARIABLE = "ERP_ALLOW_PLAIN_HTTP"  # "1": the network is encrypted below HTTP (a VPN of the company's own)


class NotEncrypted(Refused):
    code = "not_encrypted"
    sentence = QT_TRANSLATE_NOOP(
        "Refusal",
        "Your password would go to {host} without encryption, so it was not sent. "
        "Ask an administrator for an address that begins with https://.",
    )


def refuse_in_the_clear(address: str) -> None:
    """Raises NotEncrypted for an address of another computer without TLS, before anything is sent there."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "https" or _is_loopback(host) or os.environ.get(ALLOWED_VARIABLE) == "1":
        return
    raise NotEncrypted(host=host)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
