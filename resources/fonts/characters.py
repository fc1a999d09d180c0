"""Prints the characters that the bundled fonts keep, one hexadecimal code point a line, for pyftsubset."""

BLOCKS = [
    (0x0020, 0x007E),  # Latin
    (0x00A0, 0x024F),
    (0x2000, 0x206F),  # punctuation
    (0x20A0, 0x20C0),  # currency signs
    (0x2100, 0x226F),  # letterlike, number forms, arrows, mathematics
    (0x2460, 0x24FF),  # enclosed numbers
    (0x25A0, 0x25FF),  # shapes
    (0x3000, 0x303F),  # Chinese punctuation
    (0xFF00, 0xFFEF),  # full-width forms
    (0xFFFD, 0xFFFD),
]


def gbk() -> set[int]:
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF))
    return {ord(character) for pair in pairs for character in pair.decode("gbk", "ignore")}


kept = gbk() | {code for first, last in BLOCKS for code in range(first, last + 1)}
print("\n".join(f"{code:04X}" for code in sorted(kept)))
