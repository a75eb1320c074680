#!/bin/sh
# Starts the service on a free port with nothing kept, creates a note over REST and reads it back.
# PROTOLOOP names the command to use when it is not on the PATH.
set -eu
cd "$(dirname "$0")"
log=$(mktemp)
"${PROTOLOOP:-protoloop}" serve proto --db memory: --listen 127.0.0.1:0 >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; rm -f "$log"' EXIT

url=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  url=$(sed -n 's/.*\(http:\/\/127\.0\.0\.1:[0-9]*\).*/\1/p' "$log" | head -n 1)
  [ -n "$url" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$log"; exit 1; }
  sleep 0.2
done
[ -n "$url" ] || { echo "no ready line:"; cat "$log"; exit 1; }

created=$(curl -sS --fail-with-body -X POST "$url/v1/notes" -H 'content-type: application/json' -d '{"title": "hello"}')
id=$(printf '%s' "$created" | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p')
[ -n "$id" ] || { echo "no id in: $created"; exit 1; }
curl -sS --fail-with-body "$url/v1/notes/$id" | grep -q '"hello"'
echo "ok: created and read note $id"
