"""`medviewer models`: which model packages are here, what they are worth, and whether they work on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medviewer.core.errors import MedViewerError

if TYPE_CHECKING:
    from medviewer.inference.package import BrokenPackage, ModelPackage


@click.group("models", epilog="Example: medviewer models show lung_nodules")
def command() -> None:
    """List, show, verify and install model packages."""


@command.command("list", epilog="Example: medviewer models list --json")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def list_command(as_json: bool) -> None:
    """List the packages that ship and those that were installed."""
    from medviewer.inference.package import find_packages

    rows = [_row(p) for p in find_packages()]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    if not rows:
        click.echo("No model packages are here; `medviewer models install PATH` adds one.")
    for row in rows:
        state = row.get("error") or ("verified here" if row["verified"] else "not yet verified here")
        click.echo(
            f"{row['name']:<20} {row['version']:<8} {row['task']:<15} {row['size_mb']:>6.1f} MB  {state}"
        )


@command.command("show", epilog="Example: medviewer models show chest_film --json")
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def show_command(model: str, as_json: bool) -> None:
    """Show a package's card and figures."""
    from medviewer.inference.package import find_package

    package = find_package(model)
    if not as_json:
        click.echo(package.card)
        return
    spec, graph = package.spec, package.graph
    told = _row(package) | {
        "title": {"en": spec.title.en, "zh": spec.title.zh},
        "sha256": package.sha256,
        "fits": {"en": spec.fits.words.en, "zh": spec.fits.words.zh},
        "labels": [{"name": one.name, "threshold": one.threshold} for one in spec.labels],
        "not_for": {"en": spec.not_for.en, "zh": spec.not_for.zh},
        "maps": list(spec.saliency.methods) if spec.saliency else [],
        "honesty": spec.honesty,
        "graph": {
            "ir_version": graph.ir_version,
            "opset": graph.opset,
            "operators": graph.operators,
            "inputs": {name: list(shape) for name, shape in graph.inputs.items()},
            "outputs": {name: list(shape) for name, shape in graph.outputs.items()},
        },
    }
    click.echo(json.dumps(told, ensure_ascii=False))


@command.command("verify", epilog="Example: medviewer models verify lung_nodules")
@click.argument("model", required=False)
@click.option("--device", default="auto", show_default=True, help="auto or a device's name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def verify_command(model: str | None, device: str, as_json: bool) -> None:
    """Check a package's files and run its golden test here; without MODEL all packages."""
    from medviewer.inference.golden import tolerance
    from medviewer.inference.package import BrokenPackage, find_package, find_packages, verify

    packages = find_packages() if model is None else [find_package(model)]
    rows: list[dict[str, Any]] = []
    fault: MedViewerError | None = None
    for package in packages:
        try:
            if isinstance(package, BrokenPackage):
                raise package.error
            used, difference = verify(package, device)
        except MedViewerError as wrong:
            rows.append({"name": package.name, "verified": False, "error": wrong.sentence.en})
            fault = wrong
            continue
        allowed = tolerance(package, used)
        rows.append(
            {
                "name": package.name,
                "verified": True,
                "device": used,
                "difference": difference,
                "tolerance": allowed,
            }
        )
    if as_json and (model is None or fault is None):
        click.echo(json.dumps(rows, ensure_ascii=False))
    elif not as_json:
        for row in rows:
            if row["verified"]:
                click.echo(f"{row['name']}: as packaged, on {row['device']} off by {row['difference']:.2g}")
    if fault is not None:
        raise fault


@command.command("install", epilog="Example: medviewer models install ~/Downloads/my_model.zip")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def install_command(path: Path, as_json: bool) -> None:
    """Check a package (folder or zip), run its golden test, and keep a copy of it."""
    from medviewer.inference.package import install

    package = install(path)
    click.echo(
        json.dumps(_row(package), ensure_ascii=False)
        if as_json
        else f"{package.name} {package.version} installed"
    )


def _row(package: ModelPackage | BrokenPackage) -> dict[str, Any]:
    from medviewer.inference.golden import was_verified
    from medviewer.inference.package import BrokenPackage

    if isinstance(package, BrokenPackage):
        size = sum(p.stat().st_size for p in package.folder.rglob("*") if p.is_file())
        row: dict[str, Any] = {
            "name": package.name,
            "version": "",
            "task": "",
            "size_mb": round(size / 1e6, 2),
        }
        return row | {"verified": False, "figures": {}, "error": package.error.sentence.en}
    return {
        "name": package.name,
        "version": package.version,
        "task": package.spec.task,
        "size_mb": round(package.size_mb, 2),
        "verified": was_verified(package.sha256),
        "figures": package.metrics,
    }
