#!/bin/sh
# Puts a database file in the place of a cluster's database: `restore.sh FILE`, on one node that may lead, while no server of the cluster runs (one that
# did would go on from what it remembers). The other nodes take the new one when they come back. docs/GUIDE-deploy.md, "Restore".
set -eu
file=$1
port=${LITEFS_PORT:-20202}
host=${LITEFS_HOST:-127.0.0.1}
litefs=${DASHBOARD_LITEFS_BINARY:-litefs}

"$litefs" mount -config "$DASHBOARD_LITEFS" &
pid=$!
trap 'kill -9 $pid 2>/dev/null || true' EXIT
# It says so once it has the lease; before, the import would be refused.
until bun -e "const info = await (await fetch('http://$host:$port/info')).json(); process.exit(info.isPrimary ? 0 : 1)" 2>/dev/null; do
  kill -0 "$pid"
  sleep 0.5
done
"$litefs" import -url "http://$host:$port" -name dashboard.sqlite "$file"
trap - EXIT
kill "$pid"
wait "$pid"
