"""`python -m training prepare | train | evaluate | export | package CONFIG`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from medviewer.core.errors import MedViewerError
from training.config import Config, ConfigError, load_config
from training.data.hidden import HiddenPatientError
from training.data.tables import SplitError

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"


class _Commands(click.Group):
    """One sentence instead of a traceback for what a person can mend."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except MedViewerError as wrong:
            click.echo(str(wrong.sentence), err=True)
            sys.exit(wrong.exit_code)
        except ConfigError as wrong:
            click.echo(str(wrong), err=True)
            sys.exit(2)
        except (HiddenPatientError, SplitError, FileNotFoundError, FileExistsError, ValueError) as wrong:
            click.echo(str(wrong), err=True)
            sys.exit(3)


@click.group(cls=_Commands)
def main() -> None:
    """Makes the models: data to package. A run is a folder under --runs and goes on where it was cut off."""


config_argument = click.argument("config_file", metavar="CONFIG", type=click.Path(path_type=Path))
data_option = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), envvar="MEDVIEWER_TRAINING_DATA",
    help="Folder of the set; without it the config's, under ../shared/data.",
)  # fmt: skip
runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / "training" / "out",
    show_default=True,
)
threads_option = click.option("--threads", type=click.IntRange(1, 256), help="Instead of the config's.")


def _read(config_file: Path, threads: int | None = None) -> Config:
    config = load_config(config_file)
    if threads is not None:
        config = config.model_copy(
            update={"training": config.training.model_copy(update={"threads": threads})}
        )
    return config


def _folder(config: Config, data: Path | None) -> Path:
    folder = data or DATA / config.data
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder (name the set's with --data)")
    return folder


def _run(config: Config, runs: Path, run: Path | None) -> Path:
    return run or runs / f"{config.name}-s{config.training.seed}"


@main.command()
@config_argument
@data_option
@runs_option
def prepare(config_file: Path, data: Path | None, runs: Path) -> None:
    """Read and check the set, store it as arrays. Example: python -m training prepare training/configs/chest_film.yaml"""
    from training.tasks import prepared

    config = _read(config_file)
    arrays, files = prepared(config, _folder(config, data), runs)
    for name, array in arrays.items():
        click.echo(f"{name:16s} {array.dtype!s:8s} {array.shape}")
    click.echo(f"files sha256     {files}")


@main.command()
@config_argument
@data_option
@runs_option
@threads_option
def train(config_file: Path, data: Path | None, runs: Path, threads: int | None) -> None:
    """Train to the end, or go on. Example: python -m training train training/configs/lung_nodules.yaml"""
    from training.loop import train as run_training

    config = _read(config_file, threads)
    click.echo(run_training(config, _folder(config, data), runs))


@main.command()
@config_argument
@data_option
@click.option("--package", required=True, help="Name or path of the package to judge.")
@click.option("--split", default="val", show_default=True)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write what it predicted.",
)
@click.option("--json", "as_json", is_flag=True, help="Metrics as JSON.")
@threads_option
def evaluate(
    config_file: Path, data: Path | None, package: str, split: str, predictions: Path | None, as_json: bool,
    threads: int | None,
) -> None:  # fmt: skip
    """Judge an exported package. Example: python -m training evaluate CONFIG --package models/lung_nodules --json"""
    from training.evaluate.judge import judge

    config = _read(config_file, threads)
    found = judge(config, _folder(config, data), package, split, predictions)
    if as_json:
        click.echo(json.dumps({"metrics": found.metrics}, indent=1))
        return
    for name, figure in found.metrics.items():
        value = (
            "not measured" if figure is None else f"{figure['value']:.3f}  {figure['ci95']}  n {figure['n']}"
        )
        click.echo(f"{name:32s} {value}")


@main.command()
@config_argument
@runs_option
@click.option(
    "--run", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another run's folder."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The ONNX file."
)
def export(config_file: Path, runs: Path, run: Path | None, output: Path) -> None:
    """Write the best weights as ONNX with the saliency maps, and prove that it equals torch."""
    from training.checkpoints import load_best
    from training.export.onnx_export import export_onnx
    from training.export.parity import parity

    config = _read(config_file)
    trained = load_best(_run(config, runs, run))
    shape = (config.recipe.batch, config.recipe.channels, config.recipe.size)
    exported = export_onnx(trained.network, output, *shape)
    measured = parity(trained.network, output, *shape)
    click.echo(
        json.dumps({"outputs": exported.outputs, "bytes": exported.size_bytes, "parity": measured}, indent=1)
    )


@main.command()
@config_argument
@data_option
@runs_option
@click.option(
    "--run", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Another run's folder."
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Folder; else models/<name>."
)
@click.option("--replace", is_flag=True, help="Replace the package that is there.")
@click.option("--no-honesty", is_flag=True, help="Leave the figures of the saliency maps unmeasured.")
@threads_option
def package(
    config_file: Path, data: Path | None, runs: Path, run: Path | None, output: Path | None, replace: bool,
    no_honesty: bool, threads: int | None,
) -> None:  # fmt: skip
    """Calibrate, export, judge on the validation split and write the package with its card."""
    from training.make_package import make_package

    config = _read(config_file, threads)
    written = make_package(
        config, _folder(config, data), _run(config, runs, run), output or ROOT / "models" / config.name,
        replace=replace, honesty=not no_honesty,
    )  # fmt: skip
    click.echo(f"{written.folder}  sha256 {written.sha256}")


if __name__ == "__main__":
    main(prog_name="python -m training")
