"""`medviewer convert`: a series to NIfTI, NRRD or MetaImage."""

from __future__ import annotations

from pathlib import Path

import click

from medviewer.cli.progress import say, shown
from medviewer.core.errors import MedViewerError
from medviewer.core.words import Words
from medviewer.io.index import scan


@click.command("convert", epilog="Example: medviewer convert ~/studies/chest chest.nii.gz --series 2")
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--series", "selector", metavar="UID|N", help="Which series: its number in `info`, or its UID.")
def command(path: Path, out: Path, selector: str | None) -> None:
    """Write a series as .nii.gz, .nii, .nrrd or .mha, in its unit, in its place."""
    from medviewer.io.load import load
    from medviewer.io.write import check_ending, write_volume

    check_ending(out)
    with shown() as progress:
        one = scan([path], progress).find(selector)
        if not one.is_image:
            raise MedViewerError(
                "fit.no_image", Words("That series holds no image to write.", "该序列不含可写出的图像。")
            )
        volume = load(one, progress)
        notes = write_volume(volume, out)
    say([*volume.meta["notes"], *notes])
