"""Opening: header scan, whole series in every encoding, memory, first image."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.rows import Absent, Row, seconds, side_by_side
from benchmarks.series import SLICES, Scratch


def scan(folder: Path) -> object:
    from medviewer.core.jobs import Progress
    from medviewer.io.index import scan as scan_paths

    return scan_paths([folder], Progress())


def load(folder: Path) -> object:
    from medviewer.core.jobs import Progress
    from medviewer.io.index import scan as scan_paths
    from medviewer.io.load import load as load_series

    return load_series(scan_paths([folder], Progress()).find(None), Progress())


def simpleitk(folder: Path) -> object:
    import SimpleITK

    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return reader.Execute()


def scan_3000(scratch: Scratch, id: str, line: str) -> Row:
    import pydicom

    folder = scratch.small_instances()
    from medviewer import paths

    def ours() -> None:
        shutil.rmtree(paths.cache_folder(), ignore_errors=True)
        scan(folder)

    def peer() -> None:
        for path in sorted(folder.iterdir()):
            pydicom.dcmread(path, stop_before_pixels=True)

    return side_by_side(id, line, ours, peer)


def scan_again(scratch: Scratch, id: str, line: str) -> Row:
    from medviewer import paths

    folder = scratch.small_instances()
    firsts, agains = [], []
    for _ in range(5):
        shutil.rmtree(paths.cache_folder(), ignore_errors=True)
        firsts.append(seconds(lambda: scan(folder)))
        agains.append(seconds(lambda: scan(folder)))
    first, again = sorted(firsts)[2], sorted(agains)[2]
    return Row(id, line, ours=again, peer=first, ratio=again / first)


def load_encoded(encoding: str) -> Callable[[Scratch, str, str], Row]:
    def row(scratch: Scratch, id: str, line: str) -> Row:
        slices = (
            SLICES if encoding == "raw" else 100
        )  # the slow encodings: a third of the series tells as much
        folder = scratch.series(encoding, slices)
        return side_by_side(id, line, lambda: load(folder), lambda: simpleitk(folder))

    return row


MEMORY = """
import resource, sys, threading, time
from pathlib import Path
from benchmarks.lines_loading import scan
from medviewer.core.jobs import Progress
from medviewer.io.load import load
series = scan(Path(sys.argv[1])).find(None)
load(scan(Path(sys.argv[2])).find(None), Progress())
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
peak = before = rss()
done = False
def watch():
    global peak
    while not done:
        peak = max(peak, rss()); time.sleep(0.002)
t = threading.Thread(target=watch); t.start()
volume = load(series, Progress()); done = True; t.join(); peak = max(peak, rss())
print((peak - before) / volume.array.nbytes)
"""


def load_memory(scratch: Scratch, id: str, line: str) -> Row:
    if not Path("/proc/self/statm").exists():
        raise Absent("no /proc to read memory from")
    big, small = scratch.series("raw"), scratch.series("raw", 3)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(big), str(small)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Absent(f"the measuring process failed: {done.stderr.strip()[-120:]}")
    ratio = float(done.stdout)
    return Row(id, line, ours=ratio, peer=1.0, ratio=ratio, unit="of the voxels as stored")


def first_image_seconds(folder: Path) -> float:
    """From an indexed series to its first slice as grey pixels, the middle slice first."""
    from medviewer.core.jobs import Progress
    from medviewer.imaging.lut import GreyTable, to_grey
    from medviewer.imaging.presets import default_window
    from medviewer.imaging.reslice import reslice
    from medviewer.io.index import scan as scan_paths
    from medviewer.io.load import open_progressive

    series = scan_paths([folder], Progress()).find(None)

    def first() -> None:
        arrived: list[int] = []
        middle = series.size[2] // 2
        loading = open_progressive(series, middle)

        class Enough(Exception):
            pass

        def on_slice(k: int) -> None:
            arrived.append(k)
            raise Enough

        try:
            loading.run(Progress(), on_slice)
        except Enough:
            pass
        volume = loading.volume
        plane = volume.geometry.plane("axial", volume.geometry.to_lps([0, 0, arrived[0]]))
        result = reslice(volume, plane)
        table = GreyTable(default_window(volume), result.scale, result.stored.dtype, volume.invert)
        to_grey(result.stored, table)

    return seconds(first)


def first_image(scratch: Scratch, id: str, line: str) -> Row:
    folder = scratch.series("raw")
    ours, peers = [], []
    for _ in range(5):
        ours.append(first_image_seconds(folder))
        peers.append(seconds(lambda: simpleitk(folder)))
    a, b = sorted(ours)[2], sorted(peers)[2]
    return Row(id, line, ours=a, peer=b, ratio=a / b)


def first_image_s(scratch: Scratch, id: str, line: str) -> Row:
    folder = scratch.series("raw")
    return Row(id, line, value=sorted(first_image_seconds(folder) for _ in range(5))[2])


LINES: dict[str, tuple[str, Callable[[Scratch, str, str], Row]]] = {
    "scan_3000": ("header scan, 3,000 instances / pydicom loop", scan_3000),
    "scan_again": ("second opening of the same folder / the first", scan_again),
    "load_raw": ("load 300 x 512 x 512 CT / SimpleITK", load_encoded("raw")),
    "load_jpeg_lossless": ("load JPEG lossless / SimpleITK", load_encoded("jpeg_lossless")),
    "load_jpegls": ("load JPEG-LS / SimpleITK", load_encoded("jpegls")),
    "load_rle": ("load RLE / SimpleITK", load_encoded("rle")),
    "load_htj2k": ("load HTJ2K / SimpleITK", load_encoded("htj2k")),
    "load_j2k": ("load JPEG 2000 / SimpleITK", load_encoded("j2k")),
    "load_memory": ("peak memory that loading adds / the voxels as stored", load_memory),
    "first_image": ("first image of an indexed series / SimpleITK's whole load", first_image),
    "first_image_s": ("first image of an indexed series", first_image_s),
}
