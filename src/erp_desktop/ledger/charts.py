"""Chart templates: the accounts a company starts with, and which of them each purpose of the posting rules is.

The templates are the files charts/*.toml. Here: reading and checking them. Not here: a company's own chart (SQL).
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from erp_desktop.ledger.posting import Purpose

ACCOUNT_TYPES = ("asset", "liability", "equity", "income", "expense")


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """An account of a template. `type` is one of ACCOUNT_TYPES."""

    code: str
    name: str
    name_zh: str
    type: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A template: accounts in code order, and the account code of every purpose."""

    key: str
    name: str
    name_zh: str
    accounts: tuple[ChartAccount, ...]
    purposes: dict[Purpose, str]


class ChartFault(ValueError):
    """A chart file misses a purpose, names an account it does not have, or has one twice."""


def chart_names() -> tuple[str, ...]:
    """The templates there are, in alphabetical order; what `load_chart` takes."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in files(__package__).joinpath("charts").iterdir()))


def load_chart(key: str) -> Chart:
    """The template of that name. Raises KeyError for an unknown name, ChartFault for a faulty file."""
    if key not in chart_names():
        raise KeyError(key)
    source = tomllib.loads(files(__package__).joinpath("charts", f"{key}.toml").read_text("utf-8"))
    accounts = tuple(sorted((ChartAccount(*row) for row in source["accounts"]), key=lambda account: account.code))
    codes = {account.code for account in accounts}
    if len(codes) != len(accounts):
        raise ChartFault(f"{key}: an account code is there twice")
    if wrong := [account.code for account in accounts if account.type not in ACCOUNT_TYPES]:
        raise ChartFault(f"{key}: no such account type at {', '.join(wrong)}")
    purposes = {Purpose(purpose): code for purpose, code in source["purposes"].items()}
    if missing := [purpose for purpose in Purpose if purposes.get(purpose) not in codes]:
        raise ChartFault(f"{key}: no account for {', '.join(missing)}")
    return Chart(key, source["name"], source["name_zh"], accounts, purposes)
