"""Brings the Chinese catalogue up to date with the sources: `python tools/update_translations.py`.

Collects the texts of src/ and resources/ui/ into resources/i18n/erp_zh_CN.ts (lupdate), then makes the .qm that the program
reads (lrelease). With `--check` nothing is written: exit code 1 and a list, where texts are missing, new or unfinished.
Translations are typed into the .ts with Qt Linguist or an editor; resources/i18n/erp_zh_CN.qm is committed, so that a wheel
and a fresh checkout speak Chinese without Qt's tools.
"""

import argparse
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "resources/i18n/erp_zh_CN.ts"


def tool(name: str) -> str:
    """The Qt tool `name` of this environment."""
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed; it comes with PySide6 (pip install .[desktop])")
    return found


def collect(catalogue: Path) -> None:
    """Adds new texts to `catalogue`, takes away those that no source has any more, keeps the translations."""
    sources = sorted([*ROOT.glob("src/**/*.py"), *ROOT.glob("resources/ui/*.ui")])
    names = [str(source.relative_to(ROOT)) for source in sources]
    options = [
        "-no-obsolete",
        "-tr-function-alias",
        "QT_TRANSLATE_NOOP+=noop",
        "-locations",
        "none",
        "-source-language",
        "en",
        "-target-language",
        "zh_CN",
    ]
    command = [tool("pyside6-lupdate"), *options, *names, "-ts", str(catalogue)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def release(catalogue: Path, compiled: Path) -> None:
    """Makes the file that the program reads."""
    command = [tool("pyside6-lrelease"), str(catalogue), "-qm", str(compiled)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


def texts(catalogue: Path) -> dict[tuple[str, str], str]:
    """Each context and source text with its translation, empty for none or an unfinished one."""
    found = {}
    for context in ElementTree.parse(catalogue).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            done = translation is not None and translation.get("type") is None
            text = translation.text or "" if done and translation is not None else ""
            found[context.findtext("name", ""), message.findtext("source", "")] = text
    return found


def places(text: str) -> list[str]:
    """The named places that a text leaves for values."""
    return sorted(re.findall(r"\{\w*\}|%\(\w+\)[sr]|%s", text))


def problems() -> list[str]:
    """What keeps the catalogue from being complete."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / CATALOGUE.name
        shutil.copy(CATALOGUE, fresh)
        collect(fresh)
        now, committed = texts(fresh), texts(CATALOGUE)
        compiled = Path(folder) / "erp_zh_CN.qm"
        release(CATALOGUE, compiled)
        is_stale = compiled.read_bytes() != CATALOGUE.with_suffix(".qm").read_bytes()
    found = [f"not in the catalogue: {context}: {source}" for context, source in now.keys() - committed.keys()]
    found += [f"in no source any more: {context}: {source}" for context, source in committed.keys() - now.keys()]
    found += [f"not translated: {context}: {source}" for (context, source), text in committed.items() if not text]
    found += [
        f"places differ: {source}" for (_, source), text in committed.items() if text and places(source) != places(text)
    ]
    if is_stale:
        found.append("resources/i18n/erp_zh_CN.qm is older than the catalogue")
    return sorted(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="write nothing, say what is missing")
    if parser.parse_args().check:
        found = problems()
        print("\n".join(found) or "The Chinese catalogue is complete.")
        return 1 if found else 0
    collect(CATALOGUE)
    release(CATALOGUE, CATALOGUE.with_suffix(".qm"))
    missing = [source for (_, source), text in texts(CATALOGUE).items() if not text]
    print(f"{len(texts(CATALOGUE))} texts, {len(missing)} not translated yet")
    for source in missing:
        print("  " + source)
    return 0


if __name__ == "__main__":
    sys.exit(main())
