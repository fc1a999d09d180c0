"""Why a file cannot be read as a table: one sentence for the person who chose it, and the limits that protect the program."""

from pathlib import Path

from erp_desktop.i18n import QT_TRANSLATE_NOOP, translate

MEGABYTE = 1024 * 1024
MOST_UNPACKED_BYTES = 1024 * MEGABYTE  # of a whole workbook, or of a .csv.gz; half a million order lines take 300 MB
MOST_UNPACKED_PART_BYTES = 128 * MEGABYTE  # of any part that is held in memory: shared strings, styles
MOST_EXPANSION = 200  # unpacked to packed, from BIG_PART_BYTES on; real sheets reach about 40
BIG_PART_BYTES = 32 * MEGABYTE
MOST_PARTS = 10_000
MOST_COLUMNS = 1_000
MOST_ROWS = 2_000_000
LONGEST_CELL = 131_072  # characters

CANNOT_OPEN = QT_TRANSLATE_NOOP("Import", "{file} cannot be opened ({why}). Check the name and your rights to it.")
EMPTY = QT_TRANSLATE_NOOP("Import", "{file} holds no rows. Choose another file.")
NO_SHEET = QT_TRANSLATE_NOOP("Import", "{file} has no sheet named {sheet}. Choose another sheet.")
NOT_A_TABLE = QT_TRANSLATE_NOOP(
    "Import", "{file} is not a table that can be read here. Save it as .xlsx or .csv and import that."
)
DAMAGED = QT_TRANSLATE_NOOP(
    "Import", "{file} is damaged. Open it in the spreadsheet program, save it again as .xlsx, and import that."
)
PROTECTED = QT_TRANSLATE_NOOP("Import", "{file} is protected by a password. Save it without one and import that.")
TOO_LARGE = QT_TRANSLATE_NOOP(
    "Import", "{file} unpacks to more than can be opened safely. Split it into smaller files, or save it as .csv."
)
DEFINITIONS = QT_TRANSLATE_NOOP(
    "Import",
    "{file} holds XML definitions that do not belong in a workbook, so it was not opened. Save it again as .xlsx.",
)
TOO_WIDE = QT_TRANSLATE_NOOP(
    "Import", "Row {row} of {file} has more than {most} columns. Remove those that are not needed."
)
TOO_LONG = QT_TRANSLATE_NOOP("Import", "{file} has more than {most} rows. Split it into smaller files.")
UNCLOSED_QUOTE = QT_TRANSLATE_NOOP(
    "Import",
    "A cell near line {row} of {file} is too long to be one: a quotation mark may be missing. Correct that line.",
)
NOT_TEXT = QT_TRANSLATE_NOOP(
    "Import", "The characters of {file} cannot be recognised. Save it as CSV UTF-8 or as .xlsx and import that."
)


class UnreadableTable(Exception):
    """A file that is no table for us. `sentence` says why and what to do, in the program's language."""

    def __init__(self, path: Path, sentence: str, **fields: object) -> None:
        self.path = path
        self.sentence = translate("Import", sentence).format(file=path.name, **fields)
        super().__init__(self.sentence)
