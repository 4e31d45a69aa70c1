#!/bin/sh
# The container's first step. Started as root it gives the data folder to the user `dashboard` (a new Fly volume, or a folder of the host, belongs
# to root), then goes on as that user. LiteFS runs as the same one: it needs /dev/fuse to be open to it, a name in /etc/passwd, and
# fusermount3, which is setuid root and mounts for it.
set -eu

if [ "$(id -u)" -eq 0 ]; then
  data=${DASHBOARD_DATA:-/data}
  mkdir -p "$data"
  [ "$(stat -c %U "$data")" = dashboard ] || chown -R dashboard:dashboard "$data"
  chmod 700 "$data"
  # As udev does on every distribution; containers and Fly's machines have no udev. The container's own node, not the host's.
  if [ -c /dev/fuse ]; then chmod 666 /dev/fuse; fi
  # Without LiteFS there is no setuid program that would be needed.
  if [ -n "${DASHBOARD_LITEFS:-}" ]; then forever=; else forever=--no-new-privs; fi
  exec setpriv --reuid=dashboard --regid=dashboard --init-groups --inh-caps=-all $forever -- "$0" "$@"
fi

# Each socket is an open file.
ulimit -n "$(ulimit -Hn)"
exec "$@"
