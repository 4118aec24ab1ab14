#!/usr/bin/env bash
# The demo in the window; where there is no display, its screenshot: demo.sh FOLDER PICTURES
set -eu
cd "$(dirname "$0")/../.."
venv=$1
pictures=$2
"$venv/bin/python" -m compileall -q medviewer
if [ "$(uname -s)" = Darwin ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$venv/bin/medviewer" demo
fi
mkdir -p "$pictures"
"$venv/bin/medviewer" demo --screenshot "$pictures/demo.png"
echo "There is no display here: the window was drawn into $PWD/$pictures/demo.png"
