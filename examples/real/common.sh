# Sourced by each run.sh: the application's own environment, and an empty database where none is given.
# Wants $packages, those of the application, and $self, the script that sources it.

python=${DRIFT_PYTHON:-$(cd ../../.. && pwd)/.venv/bin/python} # the one that drift is installed in
if [ ! -x "$python" ]; then
    echo "drift is not installed: run 'make install' in the checkout, or set DRIFT_PYTHON" >&2
    exit 3
fi
if [ ! -e .venv/installed ]; then
    rm -rf .venv
    "$python" -m venv .venv
    # shellcheck disable=SC2086 # several words
    if ! { command -v uv >/dev/null && uv pip install --quiet --python .venv/bin/python $packages; }; then
        .venv/bin/python -m pip install --quiet $packages
    fi
    touch .venv/installed
fi
if [ -z "${DATABASE_URL:-}" ]; then
    exec "$python" ../with_database.py "$self" "$@"
fi
export PROD_DATABASE_URL="$DATABASE_URL"
drift() { "$python" -m drift_pipeline "$@"; }
