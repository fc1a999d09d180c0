"""What somebody may want in the first window."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class SignIn:
    """Somebody signs in to an office."""

    centre: str
    company: str
    login: str
    password: str
    new_password: str = ""  # replaces the other first


@dataclass(frozen=True)
class NewCompany:
    """A first company, kept on this computer."""

    code: str
    name: str
    currency: str
    chart: str
    owner_name: str
    first_period_on: date


@dataclass(frozen=True)
class KnownCompany:
    """A company that is kept on this computer already; `login` is who opened it."""

    code: str
    name: str
    login: str


@dataclass(frozen=True)
class SampleWanted:
    """Somebody wants to look at the sample company."""


Wish = SignIn | NewCompany | KnownCompany | SampleWanted
