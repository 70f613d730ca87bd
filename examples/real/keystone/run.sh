#!/bin/sh
# Migrates an empty database with `keystone-manage db_sync` and checks it against Keystone's models.
set -eu
cd "$(dirname "$0")"
self=$(pwd)/run.sh
packages="keystone==30.0.0 psycopg2-binary"
. ../common.sh
mkdir -p .drift
printf '[database]\nconnection = %s\n' "$DATABASE_URL" >.drift/keystone.conf
.venv/bin/keystone-manage --config-file .drift/keystone.conf db_sync 2>.drift/db_sync.log || {
    cat .drift/db_sync.log >&2
    exit 3
}
drift check --env production "$@"
