#!/usr/bin/env bash
# Says how much the set for tests will fetch, before it does: torch decides.
set -eu
venv=$1
"$venv/bin/python" -c 'import torch, pytest, monai' >/dev/null 2>&1 && exit 0
for folder in ${PIP_FIND_LINKS:-} ${UV_FIND_LINKS:-}; do
    if ls "$folder"/torch-*cpu*.whl >/dev/null 2>&1; then
        echo "make test fetches about 800 MB once (torch's CPU build is taken from a folder of this machine)."
        exit 0
    fi
done
case "$(uname -s)" in
    Linux) echo "make test fetches about 3.5 GB once: torch's CUDA build is most of it. make test-viewer runs without torch (about 0.7 GB)." ;;
    *) echo "make test fetches about 0.8 GB once. make test-viewer runs without torch (about 0.6 GB)." ;;
esac
