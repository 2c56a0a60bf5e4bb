#!/usr/bin/env bash
# Starts the Cloud Tasks emulator (the crate cloud-tasks-emulator) on loopback; its state is in memory, its REST face and gRPC share the port.
# Usage: start.sh PORT QUEUE     QUEUE: projects/P/locations/L/queues/Q, made at the start. It is this process: end it by its id.
set -euo pipefail
port=$1 queue=$2
version=0.1.3
installed=${HEADRACE_EMULATORS:-$HOME/.cache/headrace-emulators}/tasks-$version
binary=$installed/bin/cloud-tasks-emulator

mkdir -p "$installed"
(
  flock 9
  if [ ! -x "$binary" ]; then
    echo "building the Cloud Tasks emulator into $installed (some minutes, once)" >&2
    cargo install --quiet --locked --root "$installed" "cloud-tasks-emulator@$version" >&2
  fi
) 9> "$installed/lock"

LISTEN_ADDR=127.0.0.1:$port OIDC_ISSUER=http://127.0.0.1:$port QUEUES=$queue exec "$binary" > /dev/null 2>&1 < /dev/null
