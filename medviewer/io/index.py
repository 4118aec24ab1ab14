"""Finding what is there: folders, files and zips of DICOM, volumes and pictures; headers only."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from medviewer.core.errors import MedViewerError
from medviewer.core.jobs import Progress
from medviewer.core.words import Words
from medviewer.io import films
from medviewer.io.dicom.collector import Collector
from medviewer.io.dicom.header import Header, read_header
from medviewer.io.sources import Source, walk
from medviewer.io.study import Index, Refused, SeriesInfo
from medviewer.io.volumes import grid, metaimage, nifti, nrrd

OnSeries = Callable[[SeriesInfo], None]

SCANNING = Words("Scanning", "正在扫描")
NOTHING = Words("Nothing here can be read as an image.", "此处没有可读取的图像。")
EMPTY = Words("There are no files here.", "此处没有文件。")
NO_IMAGE = Words("This file is no image that can be read.", "该文件不是可读取的图像。")
EMPTY_FILE = Words("This file is empty.", "该文件为空。")
UNREADABLE = Words(
    "This file can't be read (no permission or a fault of the disk).", "无法读取该文件（无权限或磁盘故障）。"
)
IMAGE_ENDINGS = (".dcm", ".dicom", ".ima", ".img")
BESIDE = (".txt", ".json", ".csv", ".md", ".xml", ".html", ".py", ".log", ".yaml", ".yml", ".raw", ".zraw", ".bval", ".bvec",
          ".pdf", ".sha256", ".ini", ".inf", ".exe", ".dll", ".jar", ".db", ".ds_store")  # fmt: skip
"""Files that lie beside images and are passed over in silence within a folder."""
TELL_SECONDS = 0.25
TELL_SHARE = 8
"""While a scan goes on, series are told every TELL_SECONDS, or seldomer where telling itself takes an eighth of that."""


class _Scan:
    """One opening: what was found so far."""

    def __init__(self, progress: Progress, on_series: OnSeries | None) -> None:
        self.progress, self.on_series = progress, on_series
        self.refused: dict[tuple[str, str], Refused] = {}
        self.files: list[SeriesInfo] = []
        self.seen = 0
        self.collector = Collector(self.refuse)
        self._told = time.monotonic()
        self._pause = TELL_SECONDS

    def refuse(self, path: str, code: str, sentence: Words) -> None:
        self.refused.setdefault((path, code), Refused(path, code, sentence))

    def folder(self, path: Path) -> None:
        alone = not path.is_dir() and path.suffix.lower() != ".zip"
        for source in walk(path, self.refuse):
            self.seen += 1
            self.progress.check()
            if self.seen % 16 == 0:
                self.progress.step(self.seen, 0, SCANNING)
            self.file(source, alone)
            if self.on_series is not None and time.monotonic() - self._told > self._pause:
                self._tell()

    def file(self, source: Source, alone: bool) -> None:
        """Take one file in, or note why not; `alone`: it was named by the person, so silence would be wrong."""
        try:
            if not self._taken(source) and (alone or self._meant(source)):
                empty = source.size == 0
                self.refuse(
                    source.name,
                    "input.empty" if empty else "input.no_image",
                    EMPTY_FILE if empty else NO_IMAGE,
                )
        except MedViewerError as fault:
            self.refuse(source.name, fault.code, fault.sentence)
        except OSError:
            self.refuse(source.name, "input.permission", UNREADABLE)

    def _taken(self, source: Source) -> bool:
        if source.size < 8:
            return False
        for known, read in ((nrrd.is_nrrd, nrrd.read_grid), (metaimage.is_metaimage, metaimage.read_grid)):
            if known(source):
                self.files += grid.series_of(read(source), source)
                return True
        if nifti.is_nifti(source) and (
            not source.base.lower().endswith(".hdr") or source.size in (348, 352, 540, 544)
        ):
            self.files += grid.series_of(nifti.read_grid(source), source)
            return True
        if films.is_film(source):
            self.files.append(films.series_of(source))
            return True
        header = read_header(source)
        if header is None:
            return False
        self.collector.add(header)
        return True

    @staticmethod
    def _meant(source: Source) -> bool:
        """Whether a file within a folder was meant as an image, so that its refusal is worth a line."""
        name = source.base.lower()
        if name.startswith(".") or name.endswith(BESIDE) or name in ("dicomdir", "lockfile", "version"):
            return False
        return name.endswith(IMAGE_ENDINGS)

    def _tell(self) -> None:
        start = time.monotonic()
        if self.on_series is not None:
            for one in self.collector.changed():
                self.on_series(one)
        self._told = time.monotonic()
        self._pause = max(TELL_SECONDS, TELL_SHARE * (self._told - start))


def scan(
    paths: Sequence[Path],
    progress: Progress | None = None,
    on_series: OnSeries | None = None,
    pixels: bool = False,
) -> Index:
    """All series below the paths.

    on_series is called on this thread as series become known, and again for the same key when slices came to it.
    pixels: derived objects are read whole, so that their segments can be counted.
    Raises MedViewerError "input.…" where nothing can be shown at all, Cancelled where it was asked to stop.
    """
    progress = progress or Progress()
    work = _Scan(progress, on_series)
    for path in paths:
        work.folder(Path(path))
    for directory in work.collector.directories:
        if len(paths) == 1 and directory.source.path == Path(paths[0]):
            _follow(work, directory)
    found = work.collector.series(pixels) + work.files
    index = Index.of(found, sorted(work.refused.values(), key=lambda r: r.path))
    if on_series is not None:
        for one in index.series():
            on_series(one)
    if not found:
        _raise(work)
    return index


def _follow(work: _Scan, directory: Header) -> None:
    """The files that a DICOMDIR names, below its own folder."""
    records = directory.elements().get("DirectoryRecordSequence") or []
    for record in records:
        names = record.get("ReferencedFileID")
        if not names:
            continue
        parts = [names] if isinstance(names, str) else [str(n) for n in names]
        source = directory.source.sibling("/".join(parts))
        if source is None:
            lost = Words("A file that the DICOMDIR names is missing.", "DICOMDIR 所列文件缺失。")
            work.refuse("/".join(parts), "input.missing", lost)
        else:
            work.file(source, True)


def _raise(work: _Scan) -> None:
    refused = list(work.refused.values())
    if len(refused) == 1 or (refused and work.seen == 1):
        raise MedViewerError(refused[0].code, refused[0].sentence)
    if work.seen == 0:
        raise MedViewerError("input.empty", EMPTY)
    if refused:
        sentence = Words("{n} files were refused; the first: {why}", "{n} 个文件被拒绝；第一个：{why}")
        raise MedViewerError("input.no_image", sentence.format(n=len(refused), why=refused[0].sentence))
    raise MedViewerError("input.no_image", NOTHING)
