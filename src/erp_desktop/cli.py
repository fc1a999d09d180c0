"""erp-desktop: the program's commands. Here: what can be typed and how it is answered; each command's work has its own room.

Nothing heavy is imported before a command is known, so that `--help` answers at once and `report` needs no window.
Every error is one sentence on stderr: exit code 2 for a command that was not understood, 1 for one that did not succeed.
"""

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from erp_desktop import __version__
from erp_desktop.i18n import QT_TRANSLATE_NOOP, install_translator, translate

LANGUAGES = ("en", "zh_CN")
Command = Callable[[argparse.Namespace], int]


class CommandFailed(Exception):
    """A command that did not succeed. `sentence` is for people, in their language."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the program's exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = language_wanted(given)
    use_language(language)
    options, surplus = build_parser().parse_known_args(given)
    options.surplus = surplus
    options.shown_in = language
    try:
        command: Command = options.command
        if surplus and not getattr(options, "takes_parameters", False):
            text = translate("Command line", "{arguments} is not understood here. See erp-desktop --help.")
            raise CommandFailed(text.format(arguments=" ".join(surplus)), status=2)
        status = command(options)
        sys.stdout.flush()
        return status
    except CommandFailed as failed:
        say_error(failed.sentence)
        return failed.status
    except KeyboardInterrupt:
        say_error(translate("Command line", "Stopped."))
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        say_error(explain(error, options))
        return 1


# --- language -------------------------------------------------------------------------------------------------------


def language_wanted(arguments: Sequence[str]) -> str:
    """What --language says, else the machine's own language: LC_ALL, LC_MESSAGES, LANG, the first that is set."""
    for position, argument in enumerate(arguments):
        if argument == "--language" and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith("--language="):
            return argument.partition("=")[2]
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "zh_CN" if os.environ[name].startswith("zh") else "en"
    return "en"


def use_language(language: str) -> None:
    """From now on the program's texts are in `language`, argparse's own included."""
    if language.startswith("zh"):
        from erp_desktop.reports.words import words

        install_translator(words(language).translate)
    argparse._ = lambda text: text and translate("Command line", text)  # type: ignore[attr-defined]  # it asks for None too


# argparse's own texts, so that they are in the catalogue too.
ARGPARSE_TEXTS = (
    QT_TRANSLATE_NOOP("Command line", "usage: "),
    QT_TRANSLATE_NOOP("Command line", "options"),
    QT_TRANSLATE_NOOP("Command line", "positional arguments"),
    QT_TRANSLATE_NOOP("Command line", "show this help message and exit"),
    QT_TRANSLATE_NOOP("Command line", "%(prog)s: error: %(message)s\n"),
    QT_TRANSLATE_NOOP("Command line", "the following arguments are required: %s"),
    QT_TRANSLATE_NOOP("Command line", "unrecognized arguments: %s"),
    QT_TRANSLATE_NOOP("Command line", "expected one argument"),
    QT_TRANSLATE_NOOP("Command line", "argument %(argument_name)s: %(message)s"),
    QT_TRANSLATE_NOOP("Command line", "invalid %(type)s value: %(value)r"),
    QT_TRANSLATE_NOOP("Command line", "invalid choice: %(value)r (choose from %(choices)s)"),
)


class Parser(argparse.ArgumentParser):
    """argparse, whose errors are one sentence without the usage in front."""

    def error(self, message: str) -> None:  # type: ignore[override]
        text = translate("Command line", "{message}. See {program} --help.")
        say_error(text.format(message=message.rstrip("."), program=self.prog))
        sys.exit(2)


# --- what can be typed ----------------------------------------------------------------------------------------------


def build_parser() -> Parser:
    """The parser of all commands. The common options may stand before or after the command."""
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = common.add_argument_group(translate("Command line", "common options"))
    group.add_argument(
        "--data-dir", type=Path, metavar="DIR", help=translate("Command line", "where the program keeps its data")
    )
    group.add_argument(
        "--centre", metavar="URL", help=translate("Command line", "address of the office's central service")
    )
    group.add_argument("--company", metavar="CODE", help=translate("Command line", "which company"))
    group.add_argument("--user", metavar="LOGIN", help=translate("Command line", "who works"))
    group.add_argument(
        "--language", choices=LANGUAGES, help=translate("Command line", "language of texts and documents")
    )
    group.add_argument(
        "--debug", action="store_true", help=translate("Command line", "keep technical details of an error in a file")
    )

    parser = Parser(
        prog="erp-desktop",
        parents=[common],
        allow_abbrev=False,
        description=translate(
            "Command line",
            "The back office of a company that distributes goods. Without a command the window opens.",
        ),
    )
    parser.add_argument("--version", action="version", version=f"erp-desktop {__version__}")
    parser.set_defaults(command=open_window)
    commands = parser.add_subparsers(
        title=translate("Command line", "commands"), metavar="COMMAND", parser_class=Parser
    )

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=command)
        return added

    demo = add("demo", run_demo, translate("Command line", "make a sample company and open it"))
    demo.add_argument("--dir", type=Path, help=translate("Command line", "where it is made; default: demo-output"))
    demo.add_argument(
        "--seed", type=int, default=7, help=translate("Command line", "number that its history is made from")
    )

    tour = add("tour", run_tour, translate("Command line", "visit every screen and save a picture of each"))
    tour.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help=translate("Command line", "folder for the pictures")
    )
    tour.add_argument(
        "--theme", choices=("light", "dark"), default="light", help=translate("Command line", "light or dark")
    )
    tour.add_argument("--size", type=picture_size, default=(1280, 720), metavar="WIDTHxHEIGHT")

    taken_in = add("import", run_import, translate("Command line", "take in a table from Excel or CSV, or Northwind"))
    taken_in.add_argument("table", help=translate("Command line", "northwind, or the table that the file fills"))
    taken_in.add_argument("file", type=Path, help=translate("Command line", ".xlsx, .csv or folder"))
    taken_in.add_argument(
        "--map", type=Path, metavar="MAP.toml", help=translate("Command line", "which column fills which field")
    )
    taken_in.add_argument(
        "--dry-run", action="store_true", help=translate("Command line", "say what would happen, change nothing")
    )

    taken_in.add_argument(
        "--opening-cost-share",
        metavar="SHARE",
        help=translate("Command line", "Northwind: cost of the opening stock as a share of the list price (0.60)"),
    )

    report = add("report", run_report, translate("Command line", "show a report, or write it to Excel, PDF or JSON"))
    report.add_argument("name", nargs="?", help=translate("Command line", "which report; without it they are listed"))
    report.add_argument("--xlsx", type=Path, metavar="FILE")
    report.add_argument("--pdf", type=Path, metavar="FILE")
    report.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help=translate("Command line", "without FILE: to the screen")
    )
    report.add_argument("--database", metavar="URL", help=translate("Command line", "read this database instead"))
    report.set_defaults(takes_parameters=True)

    doctor = add("doctor", run_doctor, translate("Command line", "recompute every balance and say what differs"))
    doctor.add_argument("--database", metavar="URL", help=translate("Command line", "look at this database instead"))
    return parser


def picture_size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    size = int(width), int(height)
    if not (640 <= size[0] <= 7680 and 400 <= size[1] <= 4320):
        raise ValueError(text)
    return size


# --- the commands: each room is imported when its command is called -------------------------------------------------


def open_window(options: argparse.Namespace) -> int:
    gc.disable()  # nothing that a start makes is garbage; later the window's own thread collects it
    from erp_desktop.app import run

    return run(options)


def run_demo(options: argparse.Namespace) -> int:
    from erp_desktop.demo.command import run_demo

    return run_demo(options)


def run_tour(options: argparse.Namespace) -> int:
    from erp_desktop.tour_command import run_tour

    return run_tour(options)


def run_import(options: argparse.Namespace) -> int:
    from erp_desktop.import_command import run_import

    return run_import(options)


def run_report(options: argparse.Namespace) -> int:
    from erp_desktop.report_command import run_report

    return run_report(options)


def run_doctor(options: argparse.Namespace) -> int:
    from erp_desktop.books import run_doctor

    return run_doctor(options)


# --- errors ---------------------------------------------------------------------------------------------------------


def say_error(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def explain(error: Exception, options: argparse.Namespace) -> str:
    """One sentence about an error, in words where we know it; what is our bug goes to a file with --debug."""
    sentence = _known(error)
    if sentence:
        return sentence
    if not getattr(options, "debug", False):
        text = translate(
            "Command line",
            "The program met something that it did not expect ({kind}), and stopped. "
            "Run the command again with --debug to keep the details for support.",
        )
        return text.format(kind=type(error).__name__)
    from erp_desktop.sync.cache import data_dir

    folder = data_dir(getattr(options, "data_dir", None)) / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"error-{datetime.now().astimezone():%Y%m%d-%H%M%S}.log"
    path.write_text("".join(traceback.format_exception(error)), "utf-8")
    text = translate(
        "Command line", "The program met something that it did not expect, and stopped. The details are in {path}."
    )
    return text.format(path=path)


def _known(error: Exception) -> str:
    from sqlalchemy.exc import DatabaseError

    from erp_desktop.actions.refusals import Refused
    from erp_desktop.database import UnknownDatabase

    if isinstance(error, Refused):
        return error.problem.sentence
    sentence = getattr(error, "sentence", None)
    if isinstance(sentence, str):
        return sentence
    if isinstance(error, ModuleNotFoundError):
        text = translate(
            "Command line", "{name} is not installed: this needs the desktop part, pip install 'erp-desktop[desktop]'."
        )
        return text.format(name=error.name)
    if isinstance(error, UnknownDatabase):
        return translate(
            "Command line",
            "This is not the address of a database: use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME.",
        )
    if isinstance(error, DatabaseError):
        reason = " ".join(str(error.orig).split()) if error.orig else type(error).__name__
        return translate("Command line", "The database did not answer: {reason}").format(reason=reason)
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        where = f"{error.filename}: " if error.filename else ""
        return translate("Command line", "{where}{reason}.").format(where=where, reason=reason)
    return ""


if __name__ == "__main__":
    from erp_desktop import cli  # noqa: PLW0406  as a module of its name: what the rooms raise is what is caught

    sys.exit(cli.main())
