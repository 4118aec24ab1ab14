#!/usr/bin/env bash
# ruff, mypy and the import contracts: lint.sh FOLDER PACKAGES...; every one runs, the first fault decides.
set -u
cd "$(dirname "$0")/../.."
bin=$1/bin
shift
present=()
for package in "$@"; do [ -f "$package/__init__.py" ] && present+=("$package"); done
state=0
"$bin/ruff" check . || state=1
"$bin/mypy" "${present[@]}" || state=1
"$bin/lint-imports" --no-cache >/tmp/medviewer_contracts.$$ 2>&1 || { state=1; cat /tmp/medviewer_contracts.$$; }
grep -E '^Contracts:' /tmp/medviewer_contracts.$$
rm -f /tmp/medviewer_contracts.$$
exit $state
