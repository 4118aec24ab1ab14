"""`medviewer explain`: why a model said so, and how far that map can be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medviewer.cli.progress import shown
from medviewer.cli.run import DEVICES

if TYPE_CHECKING:
    from medviewer.core.segmentation import SaliencyMap

VERDICTS = {
    "fair": "Fair",
    "care": "Use with care",
    "no": "Do not rely on it",
    "not measured": "Not measured: treat as an illustration",
}


@click.command(
    "explain", epilog="Example: medviewer explain chest_film film.dcm -o why --label Pneumonia --json"
)
@click.argument("model")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for the map.")
@click.option("--json", "as_json", is_flag=True, help="Print saliency.json on stdout.")
@click.option(
    "--label", help="The class or structure; default: the likeliest class, or the first finding's label."
)
@click.option(
    "--finding", metavar="ID", help="A finding of the run, by its id or number; default: the first."
)
@click.option(
    "--at", "at", type=float, nargs=3, metavar="X Y Z", help="A place in LPS mm instead of a finding."
)
@click.option("--method", help="grad-cam, hires-cam, or one that is plugged in; default: the package's own.")
@click.option("--series", "selector", metavar="UID|N", help="Which series: its number in `info`, or its UID.")
@click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True, help="Where to run.")
@click.option("--threads", type=click.IntRange(1, 256), help="CPU threads.")
def command(
    model: str,
    path: Path,
    output: Path,
    as_json: bool,
    label: str | None,
    finding: str | None,
    at: tuple[float, float, float] | None,
    method: str | None,
    selector: str | None,
    device: str,
    threads: int | None,
) -> None:
    """Show where MODEL saw the evidence in PATH: saliency.nii.gz, overlay.png, saliency.json.

    The figures of this image are measured, those of the model come from its card.
    """
    if finding is not None and at is not None:
        raise click.UsageError("only one of --finding and --at can be given")
    from medviewer.cli.model_input import check_output, load_series, picture_of, write_picture
    from medviewer.imaging.picture import PictureOverlays
    from medviewer.inference.explain import explain, saliency_json
    from medviewer.inference.explain.explainers import find_explainer
    from medviewer.inference.package import find_package
    from medviewer.inference.results import whole_folder, write_json
    from medviewer.io.write import write_map

    if method is not None:
        find_explainer(method)
    package = find_package(model)
    check_output(output)
    with shown() as progress:
        loaded = load_series(path, selector, package, progress)
        found = explain(
            package, loaded.volume, progress, label, finding, at, method, device=device, threads=threads
        )
    told = saliency_json(found, package)
    pixels = picture_of(loaded.volume, package, hottest_lps(found), PictureOverlays(saliency=found))
    with whole_folder(output) as waiting:
        write_json(waiting / "saliency.json", told)
        write_map(found, waiting / "saliency.nii.gz")
        write_picture(pixels, waiting / "overlay.png")
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(summary(found))
        click.echo(f"Written to {output}")


def hottest_lps(found: SaliencyMap) -> Any:
    """LPS mm of the map's highest voxel."""
    import numpy as np

    k, j, i = np.unravel_index(int(found.map.argmax()), found.map.shape)
    return found.geometry.to_lps((i, j, k))


def summary(found: SaliencyMap) -> str:
    """The map in words."""
    figures = found.this_image
    lines = [
        f"{found.label} by {found.method}, layer {found.layer}, one cell = {found.cell:.1f} {found.cell_unit}",
        f"Blurring the hottest tenth takes {figures['blur_drop']:.3f} from {figures['p']:.3f}; "
        f"random areas take {figures['random_drop_mean']:.3f} (95 %: {figures['random_drop_p95']:.3f}).",
    ]
    if figures.get("organ_share") is not None:
        lines.append(
            f"{figures['share_in_organ']:.0%} of the map lies in the organ ({figures['organ_share']:.0%} of the image)."
        )
    lines.append(f"{VERDICTS[found.verdict]}.")
    lines.append("Research and teaching only - not for diagnosis")
    return "\n".join(lines)
