#!/usr/bin/env bash
# Makes or completes a virtual environment: install.sh FOLDER EXTRAS...
# Versions come from constraints.txt; uv is used where it is on PATH, pip otherwise.
set -eu
cd "$(dirname "$0")/../.."
venv=$1
shift
unset PYTHONDONTWRITEBYTECODE # an installation without bytecode starts three times slower, each time
extras=$(IFS=,; echo "$*")
here="."
[ -n "$extras" ] && here=".[$extras]"

if [ ! -x "$venv/bin/python" ]; then
    python=$(packaging/setup/find_python.sh)
    echo "Making $venv with $("$python" --version 2>&1)"
    "$python" -m venv "$venv"
fi
python=$venv/bin/python
"$python" packaging/setup/system.py --install

if command -v uv >/dev/null 2>&1; then
    # A folder of wheels that pip would look into is meant for uv as well.
    export UV_FIND_LINKS="${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}"
    [ -n "$UV_FIND_LINKS" ] || unset UV_FIND_LINKS
    install() { uv pip install --quiet --python "$python" --compile-bytecode --constraints constraints.txt "$@"; }
    remove() { uv pip uninstall --quiet --python "$python" "$@"; }
else
    install() { "$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "$@"; }
    remove() { "$python" -m pip uninstall --quiet --yes "$@"; }
fi

# Two runtimes in one environment share a folder, and the last one installed wins: keep the one that is asked for.
has() { "$python" -c 'import sys, importlib.metadata as m; m.version(sys.argv[1])' "$1" >/dev/null 2>&1; }
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) other=onnxruntime wanted=onnxruntime-gpu ;;
    *) other=onnxruntime-gpu wanted=onnxruntime ;;
esac
if has "$other"; then
    remove "$other"
    has "$wanted" && remove "$wanted"
fi

echo "Installing MedViewer and what it needs (${extras:-viewer only})"
install hatchling editables
install --no-build-isolation --editable "$here"
"$python" -m compileall -q medviewer
