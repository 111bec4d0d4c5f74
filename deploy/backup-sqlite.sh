#!/bin/sh
# Backs up the embedded database beside whatever is running, and keeps the newest 48. Usage: backup-sqlite.sh FOLDER
set -eu
umask 077
data="${ESCALATIONS_FOLDER:-var}"
mkdir -p "$1"
file="$1/escalations-$(date -u +%Y%m%dT%H%M%SZ).db"
# By SQLite's own online backup: the file itself lacks what is newest, which lies beside it.
python3 - "$data/escalations.db" "$file.part" <<'PYTHON'
import sqlite3, sys
with sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True) as live, sqlite3.connect(sys.argv[2]) as copy:
    live.backup(copy)
    found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        sys.exit(f"the copy is not whole: {found}")
PYTHON
mv "$file.part" "$file"
ls -1 "$1"/escalations-*.db | sort | head -n -48 | while read -r old; do rm -f "$old"; done
echo "$file"
