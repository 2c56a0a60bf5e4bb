#!/usr/bin/env bash
# Starts an OAuth 1.0a provider (oauthlib behind provider.py) on a port of 127.0.0.1 that it prints; its clients come on
# stdin, and it ends with it. It is this process.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
requirements=$here/requirements.txt
installed=${HEADRACE_EMULATORS:-$HOME/.cache/headrace-emulators}/oauth1-$(cksum < "$requirements" | cut -d' ' -f1)

mkdir -p "$installed"
(
  flock 9
  if [ ! -e "$installed/complete" ]; then
    echo "installing oauthlib into $installed (once)" >&2
    rm -rf "${installed:?}/venv"
    python3 -m venv "$installed/venv"
    "$installed/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2
    touch "$installed/complete"
  fi
) 9> "$installed/lock"

PYTHONDONTWRITEBYTECODE=1 exec "$installed/venv/bin/python" "$here/provider.py"
