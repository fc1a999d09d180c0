"""What holds for all of the source, whoever adds to it: exact money, finished code, doors that name their permission."""

import ast
import dataclasses
import importlib
import pkgutil
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import UniqueConstraint

import erp_desktop
from erp_desktop.actions import base
from erp_desktop.actions.permissions import ALL_PERMISSIONS
from erp_desktop.actions.refusals import Refused
from erp_desktop.actions.saving import Save
from erp_desktop.models.base import Base, replicated_tables

SOURCE = Path(erp_desktop.__file__).parent
MONEY_ROOMS = ["models", "actions", "costing", "ledger", "queries"]


def money_files() -> list[Path]:
    return [path for room in MONEY_ROOMS for path in sorted((SOURCE / room).rglob("*.py"))] + [SOURCE / "numbers.py"]


def import_all(package: str) -> None:
    room = importlib.import_module(package)
    for found in pkgutil.walk_packages(room.__path__, package + "."):
        importlib.import_module(found.name)


def floats_in(tree: ast.AST) -> list[int]:
    """Lines that make or declare a float. Asking whether something IS a float, to refuse it, is allowed."""
    asked: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
            asked.update(id(inner) for inner in ast.walk(node.args[1]))
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "float" and id(node) not in asked:
            found.add(node.lineno)
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.add(node.lineno)
    return sorted(found)


@pytest.mark.parametrize("path", money_files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_float_touches_money_or_quantity(path: Path) -> None:
    assert floats_in(ast.parse(path.read_text("utf-8"))) == []


def test_the_float_scan_finds_what_it_looks_for() -> None:
    assert floats_in(ast.parse("a = float('1')\nb: float\nc = 0.5\nd = isinstance(a, float | int)")) == [1, 2, 3]


def test_nothing_in_the_source_is_left_for_later() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX)\b")
    found = [
        f"{path.relative_to(SOURCE)}:{number}"
        for path in sorted(SOURCE.rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if unfinished.search(line)
    ]
    assert found == []


def test_a_method_without_a_body_is_filled_in_by_a_subclass() -> None:
    """Qt's classes cannot be abstract, so theirs raise NotImplementedError; each needs somebody who does the work."""
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(SOURCE.rglob("*.py"))]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    filled = {
        (getattr(base, "id", ""), part.name)
        for heir in classes
        for base in heir.bases
        for part in heir.body
        if isinstance(part, ast.FunctionDef)
    }
    bodiless = {
        (owner.name, part.name)
        for owner in classes
        for part in owner.body
        if isinstance(part, ast.FunctionDef) and "raise NotImplementedError" in ast.unparse(part)
    }
    assert bodiless - filled == set()


def test_every_action_names_a_permission_that_some_role_holds() -> None:
    import_all("erp_desktop.actions")
    assert base._actions
    unknown = {
        name: cls.permission for (name, _), cls in base._actions.items() if cls.permission not in ALL_PERMISSIONS
    }
    assert unknown == {}


def test_every_action_is_a_frozen_dataclass_registered_for_the_wire() -> None:
    import_all("erp_desktop.actions")
    registered = {cls.__name__ for cls in base._actions.values()}
    for path in sorted((SOURCE / "actions").glob("*.py")):
        module = importlib.import_module(f"erp_desktop.actions.{path.stem}")
        for name, cls in vars(module).items():
            if not (isinstance(cls, type) and cls.__module__ == module.__name__ and dataclasses.is_dataclass(cls)):
                continue
            if "run" in vars(cls) and cls is not Save:  # what all Save... share is no action of its own
                assert name in registered, f"{name} is not decorated with @action(permission)"
                assert cls.__dataclass_params__.frozen, f"{name} is not frozen"


def refusals(cls: type[Refused] = Refused) -> Iterator[type[Refused]]:
    for refusal in cls.__subclasses__():
        if refusal.__module__.startswith("erp_desktop."):
            yield refusal
        yield from refusals(refusal)


def test_every_refusal_has_a_code_and_a_sentence_of_its_own() -> None:
    for room in ("actions", "sync", "central", "integrations"):
        import_all(f"erp_desktop.{room}")
    codes: dict[str, type[Refused]] = {}
    for refusal in refusals():
        assert "code" in vars(refusal), refusal
        assert "sentence" in vars(refusal), refusal
        assert codes.setdefault(refusal.code, refusal) is refusal, f"{refusal.code} is used twice"
        places = [field for _, field, _, _ in string.Formatter().parse(refusal.sentence) if field is not None]
        assert all(place.isidentifier() for place in places), refusal
        assert refusal.sentence.endswith("."), refusal
        assert "!" not in refusal.sentence, refusal
    assert codes


def test_the_central_service_needs_no_window_and_no_desk() -> None:
    """In an interpreter that refuses what only `[desktop]` installs, every module of the central service loads."""
    script = """
import importlib, pkgutil, sys

class Missing:
    names = {"PySide6", "requests", "keyring", "openpyxl", "xlsxwriter", "reportlab", "python_calamine", "babel"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import erp_desktop.central
for found in pkgutil.walk_packages(erp_desktop.central.__path__, "erp_desktop.central."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
loaded = {name for name in sys.modules if name.startswith(("erp_desktop.desk", "erp_desktop.sync.", "erp_desktop.views."))}
assert not loaded, loaded
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_rows_that_belong_to_a_document_are_found_by_it() -> None:
    """Without an index SQLite reads all of a table for each row that its own rows could be waiting for."""
    assert replicated_tables()
    documents = {"order", "line", "receipt", "shipment", "invoice", "return", "count", "entry", "pool", "layer"}
    for table in Base.metadata.tables.values():
        indexed = [[column.name for column in index.columns] for index in table.indexes]
        indexed += [[c.name for c in rule.columns] for rule in table.constraints if isinstance(rule, UniqueConstraint)]
        for reference in table.foreign_key_constraints:
            if reference.referred_table.name.rpartition("_")[2] in documents:
                columns = list(reference.column_keys)
                assert any(index[: len(columns)] == columns for index in indexed), (table.name, columns)


def test_every_refusal_of_the_centre_has_its_sentence_at_a_desk():
    """A refusal that only the centre's own code names would be "This cannot be done." to whoever is told."""
    of_the_centre = "class [A-Za-z]+\\((?:[A-Za-z]*Refused|[A-Za-z]*Problem)\\):"
    named_there = [
        path.name for path in (SOURCE / "central").rglob("*.py") if re.search(of_the_centre, path.read_text())
    ]
    assert named_there == []


def test_every_fault_on_its_page_names_the_tests_that_show_it() -> None:
    """docs/faults.md: each row names a test that is there, or says that it is measured or not covered yet."""
    tests = Path(__file__).parent
    written = {
        name
        for path in tests.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)
    }
    page = (tests.parent / "docs" / "faults.md").read_text("utf-8")
    rows = [
        line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| fault |", "| --- |"))
    ]
    assert len(rows) > 50
    for row in rows:
        shown_by = row.rstrip(" |").rpartition("|")[2]
        assert "test_" in shown_by or "measured" in shown_by or "not covered yet" in shown_by, row
    assert set(re.findall(r"\btest_\w+(?!\w|\.py)", page)) - {"test_schedules"} <= written
