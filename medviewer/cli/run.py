"""`medviewer run`: a model on a study."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medviewer.cli.progress import say, shown

if TYPE_CHECKING:
    from medviewer.inference.package import ModelPackage
    from medviewer.inference.run import RunResult

DEVICES = ("auto", "tensorrt", "cuda", "directml", "coreml", "openvino", "cpu")


@click.command("run", epilog="Example: medviewer run lung_nodules ~/studies/chest -o results --json")
@click.argument("model", required=False)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder for the results."
)
@click.option("--json", "as_json", is_flag=True, help="Print findings.json on stdout.")
@click.option("--series", "selector", metavar="UID|N", help="Which series: its number in `info`, or its UID.")
@click.option("--device", type=click.Choice(DEVICES), help="Default: the first that works.")
@click.option(
    "--threads", type=click.IntRange(1, 256), help="CPU threads; default: as many as there are, at most 8."
)
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="MANIFEST",
    help="Run again what a manifest.json tells.",
)
def command(
    model: str | None,
    path: Path | None,
    output: Path,
    as_json: bool,
    selector: str | None,
    device: str | None,
    threads: int | None,
    replay: Path | None,
) -> None:
    """Run MODEL (a package's name or path) on PATH (file, folder or zip).

    Writes findings.json, manifest.json, preview.png and, where the model outlines something, mask.nii.gz.
    With --replay MODEL and PATH come from the manifest; PATH may be given where the study has moved.
    """
    if replay is None and (model is None or path is None):
        raise click.UsageError("MODEL and PATH are needed (or --replay MANIFEST)")
    if replay is not None and model is not None:
        if path is None:
            path = Path(model)
        model = None if path == Path(model) else model
    result, package = _run(model, path, output, selector, device, threads, replay)
    say(result.notes)
    if as_json:
        from medviewer.inference.results import findings_json

        click.echo(json.dumps(findings_json(result), ensure_ascii=False))
    else:
        click.echo(summary(result, package))
        click.echo(f"Written to {output}")


def _run(
    model: str | None,
    path: Path | None,
    output: Path,
    selector: str | None,
    device: str | None,
    threads: int | None,
    replay: Path | None,
) -> tuple[RunResult, ModelPackage]:
    from medviewer.cli.model_input import check_output, load_series, picture_of, write_picture
    from medviewer.imaging.picture import PictureOverlays
    from medviewer.inference.manifest import check_same, read_manifest
    from medviewer.inference.package import find_package
    from medviewer.inference.results import write_results
    from medviewer.inference.run import RunRequest, run
    from medviewer.inference.tasks import find_task

    manifest: dict[str, Any] | None = None
    others: list[str | None] = []
    if replay is not None:
        manifest = read_manifest(replay)
        package = _same_package(manifest, model)
        told = manifest["replay"]
        path = path or Path(str(told.get("path", "")))
        device = device or str(told.get("device", "auto"))
        threads = threads or told.get("threads")
        if selector is None:
            selector, others = told.get("key"), [told.get("series"), None]
    else:
        package = find_package(str(model))
    find_task(package.spec.task)
    check_output(output)
    assert path is not None
    with shown() as progress:
        loaded = load_series(path, selector, package, progress, others)
        if manifest is not None:
            check_same(manifest, package.sha256, loaded.volume)
        facts = {
            "path": str(path.absolute()),
            "series": selector if manifest is None else manifest["replay"].get("series"),
            "key": loaded.series.key,
            "device": device or "auto",
            "threads": threads,
        }
        request = RunRequest(package, loaded.volume, device or "auto", threads, loaded.seconds, facts)
        result = run(request, progress)
    through = result.findings[0].center_lps_mm if result.findings else None
    overlays = PictureOverlays(
        segmentation=result.segmentation, findings=result.findings, classes=result.classes
    )
    pixels = picture_of(loaded.volume, package, through, overlays)
    write_results(result, output, {"preview.png": lambda place: write_picture(pixels, place)})
    return result, package


def _same_package(manifest: dict[str, Any], model: str | None) -> ModelPackage:
    """The manifest's package: the named one, where it was, or by its name. Raises package.changed for another."""
    from medviewer.inference.manifest import check_same
    from medviewer.inference.package import find_package

    place = Path(str(manifest["replay"].get("model", "")))
    package = find_package(model or (str(place) if place.exists() else manifest["model"]["name"]))
    check_same(manifest, package.sha256, None)
    return package


def summary(result: RunResult, package: ModelPackage) -> str:
    """What was found, for people, in a few lines."""
    from medviewer.core.units import length_text, position_text, value_text

    spec = package.spec
    word = "probability" if spec.calibration.calibrated else "score"
    lines = [f"{spec.title.en} {package.version} on {result.device}, {result.seconds:.1f} s"]
    for n, f in enumerate(result.findings, 1):
        parts = [f"{n}. {f.label}"]
        parts += [f"{word} {f.probability:.2f}"] if f.probability is not None else []
        parts += [length_text(f.diameter_mm)] if f.diameter_mm is not None else []
        parts += [f"{f.volume_ml:.2f} ml"] if f.volume_ml is not None else []
        parts += [value_text(f.mean_value, f.unit)] if f.mean_value is not None else []
        parts += [position_text(f.center_lps_mm)] if f.center_lps_mm is not None else []
        lines.append("   ".join(parts))
    for c in sorted(result.classes, key=lambda c: -c.probability):
        reached = "reached" if c.positive else "not reached"
        lines.append(f"{c.label}: {word} {c.probability:.2f}, threshold {c.threshold:.2f} {reached}")
    if not result.findings and not result.classes:
        lines.append("Nothing found. That does not rule anything out.")
    lines.append("Research and teaching only - not for diagnosis")
    return "\n".join(lines)
