#!/bin/sh
# Makes the virtual environment and installs the locked requirements: bootstrap.sh VENV run|dev
# What the machine lacks is said in one line, with the command that installs it.
set -eu
venv=$1
what=$2

die() {
    printf 'drift: %s\n' "$1" >&2
    exit 1
}

install_hint() {
    if command -v apt-get >/dev/null 2>&1; then
        printf 'apt-get install %s' "$1"
    elif command -v brew >/dev/null 2>&1; then
        printf 'brew install python@3.12'
    else
        printf 'install %s with your package manager' "$1"
    fi
}

find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
}

python=$(find_python)
[ -n "$python" ] || die "needs Python 3.11 or newer, and found none: $(install_hint python3)"

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        die "Python's venv is missing: $(install_hint python3-venv)"
    printf 'making %s with %s\n' "$venv" "$("$python" --version)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
fi
if [ ! -x "$venv/bin/uv" ]; then
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt ||
        die "the installer could not be had: is the package index reachable from here?"
fi

printf 'installing the locked requirements (%s)\n' "$what"
UV_LINK_MODE=${UV_LINK_MODE:-copy}
UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
export UV_LINK_MODE UV_SYSTEM_CERTS

# uv is the quick way. Where only pip knows the way to a package index (its own configuration, a mirror), pip goes it.
# Once more where the network failed in the midst of it: what was fetched is kept.
install() {
    for pause in 5 0; do
        "$venv/bin/uv" pip install -q --python "$venv/bin/python" "$@" 2>"$venv/uv.log" ||
            "$venv/bin/python" -m pip install -q --disable-pip-version-check "$@" 2>"$venv/pip.log" || {
            sleep "$pause"
            continue
        }
        return
    done
    cat "$venv/uv.log" "$venv/pip.log" >&2
    return 1
}

install --require-hashes -r "requirements/$what.txt" ||
    die "the requirements could not be installed: is the package index reachable from here?"
if [ "$what" = run ]; then
    install --no-deps --no-build-isolation -e . || die "the project itself could not be installed"
fi
touch "$venv/.$what"
