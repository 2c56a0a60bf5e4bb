#!/usr/bin/env bash
# Installs the BigQuery emulator (local-bigquery, pinned in requirements.txt) unless it is there, and becomes it.
# Usage: start.sh PORT GRPC_PORT DATA_DIR; exit code 3 where there is no Python 3.13.
set -euo pipefail
port=${1:?} grpc_port=${2:?} data=${3:?}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
requirements=$here/requirements.txt
installed=${HEADRACE_EMULATORS:-$HOME/.cache/headrace-emulators}/bigquery-$(cksum < "$requirements" | cut -d' ' -f1)

find_python() {
  local candidate
  for candidate in python3.13 "$HOME"/.pyenv/versions/3.13*/bin/python3.13; do
    if "$candidate" -c 'import venv' 2> /dev/null; then echo "$candidate"; return; fi
  done
  return 1
}

install() {
  [ -e "$installed/complete" ] && return
  rm -rf "${installed:?}/venv" "${installed:?}/home"
  local python
  python=$(find_python) || exit 3
  "$python" -m venv "$installed/venv"
  "$installed/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  # DuckDB looks for its extensions under HOME; the packages carry them, so nothing is downloaded at run time.
  local extensions
  extensions=$installed/home/.duckdb/extensions/$("$installed/venv/bin/python" -c 'import duckdb; print("v" + duckdb.__version__)')/linux_amd64
  mkdir -p "$extensions"
  cp "$installed"/venv/lib/python3*/site-packages/duckdb_extension_*/extensions/v*/*.duckdb_extension "$extensions"
  touch "$installed/complete"
}

mkdir -p "$installed" "$data"
exec 9> "$installed/lock"
flock 9
(install)
exec 9>&-
export HOME=$installed/home
exec "$installed/venv/bin/python" "$here/launcher.py" serve --host 127.0.0.1 --port "$port" --grpc-port "$grpc_port" \
  --project local --dataset scratch --data-dir "$data"
