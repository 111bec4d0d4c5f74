#!/bin/sh
# Brings Temporal's two databases to the schema of its version. Safe to run at every start.
set -eu
for database in temporal temporal_visibility; do
  schema=temporal
  [ "$database" = temporal ] || schema=visibility
  tool="temporal-sql-tool --plugin postgres12 --ep postgresql --port 5432 --user temporal --db $database"
  $tool setup-schema --version 0.0 2>/dev/null || true # there already: the next line says what is wrong, if anything
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
