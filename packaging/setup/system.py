"""Checks system libraries and fonts before anything is installed; with --install adds them where it may.

Needs nothing but the standard library: it runs before the program's own packages are there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from medviewer.doctor.libraries import apt_line, missing_packages


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--install", action="store_true", help="install with apt when this user may")
    wish = parser.parse_args()
    missing = missing_packages()
    if not missing:
        return 0
    if wish.install and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing system packages:", " ".join(missing), flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, check=False, stderr=subprocess.DEVNULL)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
            env=quiet, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        missing = missing_packages()
    if missing:
        print("Some system libraries or fonts are missing; the window may not open or show boxes. Run:", file=sys.stderr)
        print("    " + apt_line(missing), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
