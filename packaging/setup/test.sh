#!/usr/bin/env bash
# pytest without a display and with folders of its own: test.sh FOLDER ARGUMENTS...
set -eu
cd "$(dirname "$0")/../.."
bin=$1/bin
shift
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
"$bin/python" -m compileall -q medviewer
mkdir -p "${MEDVIEWER_ARTEFACTS:=$PWD/artefacts}"
export MEDVIEWER_ARTEFACTS MEDVIEWER_HOME="$home" QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}"
"$bin/python" -m pytest "$@"
