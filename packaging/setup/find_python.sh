#!/usr/bin/env bash
# Prints the path of a Python that the pinned wheels fit (3.11 to 3.13, with venv), or says what to do and fails.
# PYTHON=/path/to/python names one by hand.
set -u

fits() {
    "$1" -c 'import sys; raise SystemExit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))' >/dev/null 2>&1
}
makes_environments() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

found=""
for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
    path=$(command -v "$name" 2>/dev/null) || continue
    fits "$path" || continue
    found=$path
    makes_environments "$path" && { echo "$path"; exit 0; }
done

may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

if [ -n "$found" ]; then
    version=$("$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if may_install; then
        export DEBIAN_FRONTEND=noninteractive
        echo "Installing python$version-venv" >&2
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "python$version-venv"; } >/dev/null 2>&1
        makes_environments "$found" && { echo "$found"; exit 0; }
    fi
    echo "Python $version is here, but its venv module is not. Run: sudo apt-get install python$version-venv" >&2
    exit 1
fi
if may_install; then
    export DEBIAN_FRONTEND=noninteractive
    echo "Installing python3 and python3-venv" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends python3 python3-venv; } >/dev/null 2>&1
    path=$(command -v python3 2>/dev/null || true)
    [ -n "$path" ] && fits "$path" && makes_environments "$path" && { echo "$path"; exit 0; }
fi
echo "MedViewer needs Python 3.11, 3.12 or 3.13, and none was found. On Debian 12 or Ubuntu 24.04: sudo apt-get install python3 python3-venv" >&2
exit 1
