#!/bin/sh
# Runs once, when PostgreSQL starts with an empty volume. Three roles: one owns our tables and migrates them, one is the
# application's and owns none (so that it cannot drop a trigger of the register), one is Temporal's.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=owner="$OWNER_PASSWORD" --set=app="$APP_PASSWORD" --set=temporal="$TEMPORAL_PASSWORD" <<'SQL'
CREATE ROLE escalations_owner LOGIN PASSWORD :'owner';
CREATE ROLE escalations LOGIN PASSWORD :'app';
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal';
CREATE DATABASE escalations OWNER escalations_owner;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
SQL
