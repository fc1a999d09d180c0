"""Prints the characters that the bundled fonts keep, as hexadecimal code points and ranges, for pyftsubset."""

BLOCKS = [
    (0x0020, 0x007E),  # Latin
    (0x00A0, 0x024F),
    (0x2000, 0x206F),  # punctuation
    (0x20A0, 0x20C0),  # currency signs
    (0x2100, 0x226F),  # letterlike, number forms, arrows, mathematics
    (0x2460, 0x24FF),  # enclosed numbers
    (0x25A0, 0x25FF),  # shapes
    (0x3000, 0x303F),  # Chinese punctuation
    (0x4E00, 0x9FFF),  # Chinese characters
    (0xFF00, 0xFFEF),  # full-width forms
    (0xFFFD, 0xFFFD),
    (0x20000, 0x2FFFF),  # the rare Chinese characters that the font has
]
# Of the rarer block at U+3400, those of the table of general standard Chinese characters (通用规范汉字表): names use them.
STANDARD = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃"
    "䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)


def gbk() -> set[int]:
    pairs = (bytes([lead, trail]) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF))
    return {ord(character) for pair in pairs for character in pair.decode("gbk", "ignore")}


print("\n".join(f"{first:04X}-{last:04X}" for first, last in BLOCKS))
print("\n".join(f"{code:04X}" for code in sorted(gbk() | set(map(ord, STANDARD)))))
