#!/bin/sh
# Backs up the application's database beside whatever is running, and keeps the newest 48.
# Usage: backup-postgresql.sh FOLDER, with the address of the tables' owner in DATABASE (postgresql://…) or in PG… variables.
set -eu
umask 077
mkdir -p "$1"
file="$1/escalations-$(date -u +%Y%m%dT%H%M%SZ).dump"
pg_dump --format=custom --no-owner --no-privileges --file="$file.part" ${DATABASE:+"--dbname=$DATABASE"}
# A dump that cannot be listed is no backup.
pg_restore --list "$file.part" >/dev/null
mv "$file.part" "$file"
ls -1 "$1"/escalations-*.dump | sort | head -n -48 | while read -r old; do rm -f "$old"; done
echo "$file"
