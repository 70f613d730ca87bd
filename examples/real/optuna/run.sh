#!/bin/sh
# Migrates an empty database with Optuna's own migrations and checks it against Optuna's models.
set -eu
cd "$(dirname "$0")"
self=$(pwd)/run.sh
packages="optuna==5.0.0 psycopg2-binary"
. ../common.sh
.venv/bin/python migrate.py
drift check --env production "$@"
