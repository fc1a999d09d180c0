"""The commands as a person types them: real processes on the books of a small company."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import update

from company_fixtures import SmallCompany
from erp_desktop.models.stock import StockBalance


def erp_desktop(*arguments: str, language: str = "C.UTF-8", **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs erp-desktop as installed, without a screen and without settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "ERP_"))}
    return subprocess.run(
        [sys.executable, "-m", "erp_desktop.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**clean, "LANG": language, "PYTHONUTF8": "1", "QT_QPA_PLATFORM": "offscreen", **environment},
    )


def address(company: SmallCompany) -> str:
    return company.centre.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def trading(company: SmallCompany) -> SmallCompany:
    """The company after it bought 10 bottles at 12.50 and shipped 4 at 20.00."""
    company.stock("BTL", "10", "12.50")
    order = company.sales_order(("BTL", "4", "20.00"))
    company.allocate(order)
    company.ship(order)
    return company


def test_help_says_what_there_is() -> None:
    done = erp_desktop("--help")
    assert done.returncode == 0
    for command in ("demo", "tour", "import", "report", "doctor"):
        assert command in done.stdout


def test_the_version_is_told() -> None:
    done = erp_desktop("--version")
    assert done.stdout.startswith("erp-desktop ")
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["reprot"], "reprot"),
        (["doctor", "--databse", "x"], "--databse"),
        (["report", "trial_balance", "31"], "31"),
        (["report", "no_such_report"], "no_such_report"),
        (["tour"], "--out"),
        (["tour", "--out", "x", "--size", "12"], "12"),
        (["--language", "fr"], "fr"),
    ],
)
def test_a_command_that_is_not_understood_is_one_sentence_and_exit_code_2(
    arguments: list[str], part: str, tmp_path: Path, trading_file: str
) -> None:
    if arguments[0] == "report":
        arguments = [*arguments, "--database", trading_file]
    done = erp_desktop(*arguments, "--data-dir", str(tmp_path))
    assert done.returncode == 2
    assert part in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.fixture
def trading_file(sqlite_url: str) -> str:
    from company_fixtures import open_small_company
    from erp_desktop.database import open_engine

    engine = open_engine(sqlite_url)
    open_small_company(engine)
    engine.dispose()
    return sqlite_url


def test_books_that_are_not_there_are_named(tmp_path: Path) -> None:
    done = erp_desktop("doctor", "--database", f"sqlite:///{tmp_path}/nothing.db")
    assert done.returncode == 1
    assert "nothing.db" in done.stderr
    assert not (tmp_path / "nothing.db").exists()


def test_an_address_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    done = erp_desktop("doctor", "--database", "books")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "sqlite:///FILE" in done.stderr


def test_a_database_that_does_not_answer_is_one_sentence() -> None:
    done = erp_desktop("doctor", "--database", "postgresql://nobody@127.0.0.1:1/erp")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "did not answer" in done.stderr


def test_reports_are_listed() -> None:
    done = erp_desktop("report")
    assert done.returncode == 0
    assert "trial_balance" in done.stdout
    assert "--as-of" in done.stdout


def test_a_report_is_shown_and_written_with_the_same_totals(trading: SmallCompany, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"balance.{kind}" for kind in ("xlsx", "pdf", "json")}
    options = [part for kind, file in files.items() for part in (f"--{kind}", str(file))]
    written = erp_desktop("report", "trial-balance", "--as-of", "2026-03-31", "--database", address(trading), *options)
    assert written.returncode == 0, written.stderr
    assert all(file.stat().st_size > 500 for file in files.values())

    total = json.loads(files["json"].read_text("utf-8"))["sections"][0]["totals"]["debit"]
    shown = erp_desktop("report", "trial_balance", "--as-of=2026-03-31", "--database", address(trading))
    assert f"{float(total):,.2f}" in shown.stdout
    assert load_workbook(files["xlsx"]).sheetnames


def test_a_report_to_the_screen_as_json_is_json_and_nothing_else(trading: SmallCompany) -> None:
    done = erp_desktop("report", "trial_balance", "--as-of", "2026-03-31", "--database", address(trading), "--json")
    assert json.loads(done.stdout)["company"] == "Acme Trading"
    assert done.stderr == ""


def test_a_report_is_narrowed_to_a_customer_and_a_channel_by_their_codes(trading: SmallCompany) -> None:
    asked = ["--from", "2026-01-01", "--customer", "C1", "--channel", "DIRECT", "--json"]
    done = erp_desktop("report", "cost-of-sales", *asked, "--database", address(trading))
    assert done.returncode == 0, done.stderr
    shown = json.dumps(json.loads(done.stdout), ensure_ascii=False)
    assert "C1 Zhang Min" in shown
    assert "DIRECT" in shown
    done = erp_desktop("report", "cost-of-sales", "--customer", "nobody", "--database", address(trading))
    assert (done.returncode, "nobody" in done.stderr) == (2, True)


def test_a_parameter_that_cannot_be_read_says_what_is_expected(trading_file: str) -> None:
    done = erp_desktop("report", "trial_balance", "--as-of", "31.3.2026", "--database", trading_file)
    assert done.returncode == 2
    assert "31.3.2026" in done.stderr
    assert "2024-03-31" in done.stderr
    done = erp_desktop("report", "inventory_valuation", "--cost-book", "nope", "--database", trading_file)
    assert (done.returncode, "nope" in done.stderr) == (2, True)
    done = erp_desktop("report", "trial_balance", "--warehouse", "MAIN", "--database", trading_file)
    assert (done.returncode, "--warehouse" in done.stderr) == (2, True)


def test_a_file_that_cannot_be_written_is_one_sentence(trading_file: str, tmp_path: Path) -> None:
    target = tmp_path / "not there" / "a.pdf"
    done = erp_desktop("report", "trial_balance", "--database", trading_file, "--pdf", str(target))
    assert done.returncode == 1
    assert "a.pdf was not written" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_company_is_chosen_by_its_code(trading_file: str) -> None:
    assert erp_desktop("report", "trial_balance", "--database", trading_file, "--company", "acme").returncode == 0
    done = erp_desktop("report", "trial_balance", "--database", trading_file, "--company", "OTHER")
    assert done.returncode == 1
    assert "ACME" in done.stderr


def test_a_chinese_machine_reads_chinese(trading_file: str) -> None:
    done = erp_desktop("report", "trial_balance", "--database", trading_file, language="zh_CN.UTF-8")
    assert "顶点贸易" in done.stdout
    asked = erp_desktop("report", "trial_balance", "--database", trading_file, "--language", "zh_CN")
    assert "顶点贸易" in asked.stdout


def test_doctor_finds_nothing_in_sound_books(trading: SmallCompany) -> None:
    done = erp_desktop("doctor", "--database", address(trading))
    assert done.returncode == 0, done.stdout + done.stderr


def test_doctor_says_what_differs_and_exits_with_1(trading: SmallCompany) -> None:
    with trading.centre.engine.begin() as connection:
        connection.execute(update(StockBalance).values(on_hand=StockBalance.on_hand + 1))
    done = erp_desktop("doctor", "--database", address(trading))
    assert done.returncode == 1
    assert "BTL" in done.stdout
    assert done.stderr == ""


def test_with_debug_what_we_did_not_expect_is_kept_in_a_file(tmp_path: Path, sqlite_url: str) -> None:
    """A database without our tables is nobody's mistake that we foresaw a sentence for."""
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"SQLite format 3\x00" + bytes(2000))
    done = erp_desktop("doctor", "--database", f"sqlite:///{broken}", "--data-dir", str(tmp_path / "data"), "--debug")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
