#!/usr/bin/env bash
# Makes a fresh machine ready: `tools/setup.sh desktop` for the program, `tools/setup.sh test` for the tests as well.
# Needs Python 3.11 or newer. Says what it installs before it does; takes a second when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-desktop}

say() { printf '%s\n' "$*"; }
give_up() { printf '%s\n' "$*" >&2; exit 1; }

# --- system packages -------------------------------------------------------------------------------------------

# library that must load | Debian package that brings it (a second name is what newer releases call it)
QT_LIBRARIES="
libGL.so.1 libgl1
libEGL.so.1 libegl1
libglib-2.0.so.0 libglib2.0-0 libglib2.0-0t64
libfontconfig.so.1 libfontconfig1
libxkbcommon.so.0 libxkbcommon0
libdbus-1.so.3 libdbus-1-3
libxcb-cursor.so.0 libxcb-cursor0
libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-shape.so.0 libxcb-shape0
"

package_named() {  # the first of these names that the machine's package lists know
    local name
    for name in "$@"; do
        if apt-cache show "$name" >/dev/null 2>&1; then echo "$name"; return; fi
    done
    echo "$1"
}

missing_packages=()
missing_because=()
wanting() { missing_because+=("$1"); shift; missing_packages+=("$*"); }  # reason, then the package's names

look_for_qt_libraries() {
    local libraries library names
    libraries=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)
    [ -n "$libraries" ] || return 0
    while read -r library names; do
        [ -n "$library" ] || continue
        # shellcheck disable=SC2086  # several package names
        grep -q "^[[:space:]]*$library " <<<"$libraries" || wanting "the window needs $library" $names
    done <<<"$QT_LIBRARIES"
}

look_for_test_tools() {
    compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null ||
        wanting "tests run on a real PostgreSQL" postgresql-15 postgresql
    command -v pdftotext >/dev/null || wanting "tests read the PDF files back" poppler-utils
    command -v soffice >/dev/null || command -v libreoffice >/dev/null ||
        wanting "tests recalculate the Excel files" libreoffice-calc-nogui libreoffice-calc
}

install_missing_packages() {
    [ "${#missing_packages[@]}" -gt 0 ] || return 0
    local reason as_root=() names packages=() command
    say "Missing on this machine:"
    for reason in "${missing_because[@]}"; do say "  - $reason"; done
    if ! command -v apt-get >/dev/null; then
        say "This system has no apt-get: please install what is listed with its own package manager. Going on without."
        return 0
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
            as_root=(sudo)
        else
            for names in "${missing_packages[@]}"; do packages+=("${names%% *}"); done
            give_up "Please run this as root, then start again: apt-get install --no-install-recommends ${packages[*]}"
        fi
    fi
    say "Fetching the system's package lists (apt-get update)."
    "${as_root[@]}" apt-get update -q -o DPkg::Lock::Timeout=300 >/dev/null
    # shellcheck disable=SC2086  # several names of one package
    for names in "${missing_packages[@]}"; do packages+=("$(package_named $names)"); done
    command=(apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 "${packages[@]}")
    say "Installing: ${packages[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "${command[@]}" </dev/null >/dev/null ||
        give_up "apt-get could not install ${packages[*]}; its messages are above."
    missing_packages=() missing_because=()
}

# --- Python ----------------------------------------------------------------------------------------------------

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

make_boot() {  # uv lives in an environment of its own: it installs the locked packages about ten times faster than pip
    [ -x .boot/bin/uv ] && cmp -s tools/boot.lock .boot/boot.lock && return
    say "Making .boot with the package installer."
    rm -rf .boot
    "$python" -m venv .boot
    .boot/bin/python -m pip install --quiet --require-hashes -r tools/boot.lock
    cp tools/boot.lock .boot/boot.lock
}

install_locked_packages() {
    local stamp
    stamp=$(cat requirements.lock pyproject.toml | "$python" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
    [ -x .venv/bin/erp-desktop ] && [ "$(cat .venv/setup-stamp 2>/dev/null)" = "$stamp" ] && return
    say "Installing the locked packages into .venv."
    # uv does not read pip's configuration: hand a mirror on.
    if [ -z "${UV_DEFAULT_INDEX:-}" ]; then
        local mirror
        mirror=$(.boot/bin/python -m pip config get global.index-url 2>/dev/null || true)
        if [ -n "$mirror" ]; then export UV_DEFAULT_INDEX=$mirror; fi
    fi
    [ -x .venv/bin/python ] || .boot/bin/uv venv --quiet --python "$python" .venv
    if ! .boot/bin/uv pip sync --quiet -p .venv/bin/python --require-hashes requirements.lock; then
        say "Trying again with pip."
        .venv/bin/python -m ensurepip >/dev/null
        .venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
    fi
    .boot/bin/uv pip install --quiet -p .venv/bin/python --no-deps --no-build-isolation --editable .
    echo "$stamp" >.venv/setup-stamp
}

compile_translations() {  # .ts is what translators edit; .qm is what Qt reads
    local source
    for source in resources/i18n/*.ts; do
        [ -e "$source" ] || return 0
        [ -e "${source%.ts}.qm" ] || .venv/bin/pyside6-lrelease -silent "$source" -qm "${source%.ts}.qm"
    done
}

python=$(find_python) || give_up "Python 3.11 or newer is needed and was not found. On Debian: apt-get install python3 python3-venv"
export PIP_DISABLE_PIP_VERSION_CHECK=1 UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true  # uv trusts whom this machine trusts
if [ -z "${HOME:-}" ] || [ ! -w "${HOME:-/nowhere}" ]; then export HOME="$PWD/.boot/home" UV_CACHE_DIR="$PWD/.boot/cache"; fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || wanting "Python's venv module lacks ensurepip" "python3-venv"
look_for_qt_libraries
if [ "$purpose" = test ]; then look_for_test_tools; fi
install_missing_packages
make_boot
install_locked_packages
compile_translations
