#!/usr/bin/env bash
# Says how much an installation will fetch, before it does: fetch_size.sh FOLDER [test]. Figures in GB, measured.
set -eu
venv=$1
lane=${2:-viewer}
if [ "$lane" = viewer ]; then
    "$venv/bin/python" -c 'import PySide6, vtkmodules, onnxruntime' >/dev/null 2>&1 && exit 0
    echo "Fetching about 0.65 GB once, in a minute or two."
    exit 0
fi
"$venv/bin/python" -c 'import torch, monai, captum, pytest' >/dev/null 2>&1 && exit 0
viewer_there=0
"$venv/bin/python" -c 'import PySide6, vtkmodules, onnxruntime' >/dev/null 2>&1 && viewer_there=1
size() { [ "$viewer_there" = 1 ] && echo "$2" || echo "$1"; }

for folder in ${PIP_FIND_LINKS:-} ${UV_FIND_LINKS:-}; do
    if compgen -G "$folder/torch-*cpu*.whl" >/dev/null; then
        echo "make test fetches about $(size 0.75 0.1) GB once; torch's CPU build comes from a folder of this machine."
        exit 0
    fi
done
case "${PIP_EXTRA_INDEX_URL:-}${PIP_INDEX_URL:-}${UV_EXTRA_INDEX_URL:-}${UV_INDEX:-}" in
    *whl/cpu*)
        echo "make test fetches about $(size 0.95 0.3) GB once; torch is the CPU build."
        exit 0
        ;;
esac
if [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ]; then
    echo "make test fetches about $(size 3.5 2.9) GB once: torch's CUDA build is most of it."
    echo "With PyTorch's index of CPU builds in PIP_EXTRA_INDEX_URL it is $(size 0.95 0.3) GB; make test-viewer needs no torch."
else
    echo "make test fetches about $(size 0.8 0.2) GB once. make test-viewer needs no torch."
fi
