"""`medviewer render`: a picture of a series, without a window and without a display."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medviewer.core.plane import Plane, PlaneName
    from medviewer.core.volume import Volume
    from medviewer.core.window import Window
    from medviewer.imaging.picture import PictureOverlays, PictureView

PLANES = ("axial", "coronal", "sagittal", "film", "3d")
LARGEST_SIDE = 16384


class SizeType(click.ParamType):
    """WIDTHxHEIGHT in pixels."""

    name = "WxH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", str(value).strip())
        size = (int(found[1]), int(found[2])) if found else (0, 0)
        if not all(0 < n <= LARGEST_SIDE for n in size):
            self.fail(f"{value!r} is not a size such as 800x600 (at most {LARGEST_SIDE} each).", param, ctx)
        return size


class WindowType(click.ParamType):
    """CENTER/WIDTH or the name of a preset."""

    name = "C/W|PRESET"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from medviewer.imaging.presets import parse_window

        try:
            return parse_window(value) if isinstance(value, str) else value
        except MedViewerError as fault:
            self.fail(fault.sentence.en, param, ctx)


@click.command(
    "render",
    epilog="Example: medviewer render ~/studies/chest -o chest.png --plane coronal --window -600/1500",
)
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The picture to write (.png)."
)
@click.option("--series", help="Number of the series as `info` lists them, from 1, or its UID.")
@click.option("--plane", type=click.Choice(PLANES), help="Default: axial; of a film its own image.")
@click.option("--at", type=float, metavar="MM", help="LPS coordinate in mm on the plane's own axis.")
@click.option(
    "--slice", "number", type=int, help="From 0, counted from right, front or foot; of a cine the frame."
)
@click.option(
    "--center", type=float, nargs=3, metavar="X Y Z", help="LPS position in mm that the plane goes through."
)
@click.option("--slab", type=float, metavar="MM", help="Thickness of a slab in mm.")
@click.option(
    "--mode", type=click.Choice(["max", "min", "mean"]), default="max", show_default=True, help="Of the slab."
)
@click.option("--window", type=WindowType(), help="CENTER/WIDTH or a preset: lung, bone, brain, …")
@click.option("--preset", help="3D: transfer function (ct_bone, ct_lung, …).")
@click.option(
    "--result", type=click.Path(path_type=Path), help="Folder that `run` or `explain` wrote: drawn on top."
)
@click.option("--size", type=SizeType(), help="Size of the picture in pixels.")
@click.option("--bare", is_flag=True, help="The image alone: no text, no marks, no overlays.")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of the texts in it."
)
def command(path: Path, output: Path, **options: Any) -> None:
    """Write a picture of PATH (file, folder or zip) without a display.

    It carries orientation letters, scale bar, window, trust mark and "not for diagnosis", and no patient's
    name; with --bare the image alone, one pixel per smallest voxel spacing in the plane.
    """
    _check_usage(output, options)
    volume = _loaded(path, options["series"])
    pixels = _pixels(volume, options)
    write_png(output, pixels)


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write uint8 [y, x] or [y, x, 3] as PNG, whole or not at all."""
    from PIL import Image

    from medviewer.io.write import written

    written(path, lambda place: Image.fromarray(pixels).save(place, "PNG"))


def _check_usage(output: Path, options: dict[str, Any]) -> None:
    if output.suffix.lower() != ".png":
        raise click.UsageError("the picture's name must end in .png")
    places = [name for name in ("at", "number", "center") if options[name] is not None]
    if len(places) > 1:
        raise click.UsageError("only one of --at, --slice and --center can be given")
    if options["plane"] == "3d" and (places or options["slab"]):
        raise click.UsageError("--at, --slice, --center and --slab are not for --plane 3d")
    if options["plane"] == "film" and (options["at"] is not None or options["center"] or options["slab"]):
        raise click.UsageError("a film has only --slice (its frame)")
    if options["slab"] is not None and not 0 < options["slab"] < 1e5:
        raise click.UsageError("--slab is a thickness in mm above 0")
    numbers = [v for v in (options["at"], *(options["center"] or ())) if v is not None]
    if not all(abs(v) < 1e7 for v in numbers):
        raise click.UsageError("a position is a finite number of mm")
    if options["preset"] is not None:
        from medviewer.imaging.volume3d.transfer_functions import preset_names

        if options["plane"] != "3d":
            raise click.UsageError("--preset is for --plane 3d")
        if options["preset"] not in preset_names():
            raise click.UsageError(f"--preset is one of: {', '.join(preset_names())}")


def _loaded(path: Path, selector: str | None) -> Volume:
    """The series' voxels; what its geometry report and its loading have to say goes to stderr."""
    from medviewer.cli.progress import say, shown
    from medviewer.io.index import scan
    from medviewer.io.load import load

    with shown() as progress:
        series = scan([path], progress).find(selector)
        if not series.is_image:
            raise MedViewerError(
                "fit.no_image", Words("That series has no image to show.", "该序列没有可显示的图像。")
            )
        volume = load(series, progress)
    told = [item.sentence for item in volume.report.items] if volume.report.verdict != "green" else []
    say([*told, *(note for note in volume.meta.get("notes", []) if note not in told)])
    return volume


def _pixels(volume: Volume, options: dict[str, Any]) -> NDArray[np.uint8]:
    from medviewer.imaging.picture import bare, picture

    overlays = _overlays(options["result"], volume) if options["result"] else None
    if options["plane"] == "3d":
        return _three_d(volume, options, overlays)
    if overlays is not None and not options["bare"]:
        options = _at_first_finding(options, overlays)
    view = view_from(volume, options)
    if options["bare"]:
        return _resized(bare(volume, view), options["size"])
    return picture(volume, replace(view, size=options["size"]), overlays)


def _at_first_finding(options: dict[str, Any], overlays: PictureOverlays) -> dict[str, Any]:
    """Where no place was asked for, the plane goes through the first finding."""
    places = [f.center_lps_mm for f in overlays.findings if f.center_lps_mm is not None]
    if not places or options["at"] is not None or options["number"] is not None or options["center"]:
        return options
    return {**options, "center": tuple(float(v) for v in places[0])}


def view_from(volume: Volume, options: dict[str, Any]) -> PictureView:
    """The view that the options ask for.

    Raises MedViewerError "fit.plane" (a plane of something that is no volume), "fit.slice", "fit.position".
    """
    from medviewer.core.plane import Slab
    from medviewer.imaging.picture import PictureView, check_number, default_frame, plane_at_slice

    window: Window | None = options["window"]
    name, number = options["plane"], options["number"]
    if name == "film" or (name is None and not volume.has_place):
        if options["at"] is not None or options["center"] or options["slab"]:
            raise _no_place()
        frame = default_frame(volume) if number is None else number
        check_number(frame, volume.size[2])
        return PictureView(frame=frame, window=window, language=options["lang"])
    if not volume.has_place:
        raise _no_place()
    name = cast("PlaneName", name or "axial")
    if number is not None:
        plane = plane_at_slice(volume, name, number)
    else:
        place = _through(volume, name, options)
        plane = volume.geometry.plane(name, place)
        if options["at"] is not None:
            plane = _centered(plane, place)
    slab = Slab(options["slab"], options["mode"]) if options["slab"] else None
    return PictureView(plane, name, window=window, slab=slab, language=options["lang"])


def _through(volume: Volume, name: PlaneName, options: dict[str, Any]) -> NDArray[np.float64]:
    import numpy as np

    from medviewer.core.plane import AXIS_OF_PLANE
    from medviewer.imaging.picture import middle_of

    axis = AXIS_OF_PLANE[name]
    if options["at"] is None and not options["center"]:
        return middle_of(volume, name)
    place = np.array(options["center"] or volume.geometry.center_lps, float)
    if options["at"] is not None:
        place[axis] = options["at"]
    low, high = volume.geometry.bounds_lps()
    if not (low[axis] - 1e-6 <= place[axis] <= high[axis] + 1e-6):
        raise MedViewerError(
            "fit.position",
            Words(
                "That position lies outside the volume ({low} to {high} mm on that axis).",
                "该位置在体数据之外（该轴范围 {low} 至 {high} mm）。",
            ).format(low=f"{low[axis]:.1f}", high=f"{high[axis]:.1f}"),
        )
    return place


def _centered(plane: Plane, place: NDArray[np.float64]) -> Plane:
    """The picture's middle at that place, to a whole pixel: an oblique volume's planes slide along their normal
    otherwise, away from the place that was named, and a fraction of a pixel would blur a stored slice.
    """
    offset = place - plane.center_lps
    x, y = (
        round(float(offset @ d) / s) * s
        for d, s in zip((plane.right, plane.down), plane.spacing, strict=True)
    )
    return replace(plane, center_lps=plane.center_lps + plane.right * x + plane.down * y)


def _no_place() -> MedViewerError:
    return MedViewerError(
        "fit.plane",
        Words(
            "This series has no place in the patient: only its own images can be shown (--plane film).",
            "该序列没有患者空间位置：只能显示其原始图像（--plane film）。",
        ),
    )


def _overlays(folder: Path, volume: Volume) -> PictureOverlays:
    from medviewer.imaging.picture import PictureOverlays
    from medviewer.inference.results import read_results

    result = read_results(folder)
    studies = result.series.get("study_uid"), volume.meta.get("study_uid")
    if all(studies) and studies[0] != studies[1]:
        raise MedViewerError(
            "fit.result", Words("Those results belong to another study.", "这些结果属于另一项检查。")
        )
    return PictureOverlays(
        segmentation=result.segmentation,
        findings=result.findings,
        classes=result.classes,
        saliency=result.saliency,
    )


def _resized(pixels: NDArray[np.uint8], size: tuple[int, int] | None) -> NDArray[np.uint8]:
    if size is None or size == pixels.shape[1::-1]:
        return pixels
    import numpy as np
    from PIL import Image

    return np.array(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def _three_d(volume: Volume, options: dict[str, Any], overlays: PictureOverlays | None) -> NDArray[np.uint8]:
    from medviewer.imaging.volume3d.picture3d import picture3d

    return picture3d(
        volume,
        size=options["size"] or (800, 800),
        preset=options["preset"],
        overlays=overlays,
        language=options["lang"],
        bare=options["bare"],
    )
