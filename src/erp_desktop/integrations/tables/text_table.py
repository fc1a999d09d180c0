"""Tables as text: which characters, which separator, and their rows one after another, however large the file.

csv and its kind, plain or gzipped. Nothing here keeps more than a row at a time in memory.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from erp_desktop.integrations.tables import unreadable
from erp_desktop.integrations.tables.unreadable import UnreadableTable

SEPARATORS = (",", ";", "\t", "|")
_PIECE = 1 << 20
_SAMPLE_LINES = 60
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Pairs that GB2312 gives to Chinese characters and punctuation; accented Western letters hardly ever stand in such pairs.
_CHINESE_PAIR = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_OTHER_FORMATS = (
    b"<html",
    b"<!doctype",
    b"<?xml",
    b"<table",
    b"{\\rtf",
    b"%pdf",
    b"id;p",
    b"table\n0,1",
    b"table\r\n0,1",
    b"\x7felf",
    b"\x89png",
)


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked if it is gzipped."""
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def detect_encoding(path: Path) -> str:
    """Which characters the file is written in: by its byte order mark, else UTF-8 if all of it is, else GB18030 or cp1252."""
    with open_bytes(path) as file:
        head = file.read(_PIECE)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if head.startswith(mark):
                return encoding
        if wide := _unmarked_utf16(head):
            return wide
        if head[:400].lstrip().lower().startswith(_OTHER_FORMATS):
            raise UnreadableTable(path, unreadable.NOT_A_TABLE)
        pairs, high, is_utf8, total = 0, 0, True, 0
        decoder = codecs.getincrementaldecoder("utf-8")()
        piece = head
        while piece:
            total += len(piece)
            if total > unreadable.MOST_UNPACKED_BYTES:
                raise UnreadableTable(path, unreadable.TOO_LARGE)
            if b"\x00" in piece or len(_NOT_TEXT.findall(piece)) * 50 > len(piece):
                raise UnreadableTable(path, unreadable.NOT_TEXT)
            if is_utf8:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    is_utf8 = False
            high += len(piece) - len(piece.translate(None, bytes(range(128, 256))))
            pairs += len(_CHINESE_PAIR.findall(piece))
            piece = file.read(_PIECE)
    if is_utf8:
        return "utf-8"
    return "gb18030" if pairs * 2 >= high * 0.7 else "cp1252"


def detect_separator(path: Path, encoding: str) -> str:
    """The separator that cuts most of the first lines into the same number of cells; a comma where nothing does."""
    with open_text(path, encoding) as text:
        sample = "".join(line for line, _ in zip(text, range(_SAMPLE_LINES), strict=False))[:200_000]
    if sample.lower().startswith("sep=") and sample[4:5] in SEPARATORS:
        return sample[4]
    best, most = ",", (0.0, 0)
    for separator in SEPARATORS:
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=separator) if row)
        except csv.Error:
            continue
        width, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
        share = rows / max(1, sum(widths.values()))
        if width > 1 and (round(share, 1), width) > most:
            best, most = separator, (round(share, 1), width)
    return best


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file as text, as it is: line ends stay for csv to see. A byte that is no character becomes U+FFFD in cp1252 only."""
    errors = "replace" if encoding == "cp1252" else "strict"
    return io.TextIOWrapper(cast(BinaryIO, io.BufferedReader(open_bytes(path))), encoding, errors, newline="")


def text_rows(path: Path, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not empty with the number of its last line."""
    csv.field_size_limit(unreadable.LONGEST_CELL)
    with open_text(path, encoding) as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for row in reader:
                if row and not (reader.line_num == 1 and len(row) <= 2 and row[0].lower().startswith("sep=")):
                    yield reader.line_num, row
        except csv.Error:
            raise UnreadableTable(path, unreadable.UNCLOSED_QUOTE, row=reader.line_num) from None
        except (UnicodeDecodeError, UnicodeError):
            raise UnreadableTable(path, unreadable.NOT_TEXT) from None
        except (EOFError, OSError, zlib.error):
            raise UnreadableTable(path, unreadable.DAMAGED) from None


def _unmarked_utf16(head: bytes) -> str:
    """Latin letters in UTF-16 have a zero in every other byte."""
    sample = head[:2000]
    if len(sample) < 4:
        return ""
    for encoding, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        if zeros.count(0) > 0.8 * len(zeros) and sample.count(0) < 0.6 * len(sample):
            return encoding
    return ""
