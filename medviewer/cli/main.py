"""Entry point of `medviewer`: subcommands are imported only when they are called, so that `info` starts fast."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from medviewer.core.errors import MedViewerError

COMMANDS = {
    "demo": "medviewer.cli.demo",
    "info": "medviewer.cli.info",
    "convert": "medviewer.cli.convert",
    "render": "medviewer.cli.render",
    "run": "medviewer.cli.run",
    "explain": "medviewer.cli.explain",
    "models": "medviewer.cli.models",
    "doctor": "medviewer.cli.doctor",
    "completion": "medviewer.cli.completion",
}
"""Subcommand -> the module that holds it as `command`."""


class LazyGroup(click.Group):
    """Imports a subcommand's module when it is asked for; anything else opens the window with those paths."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[name]).command
        return command


@click.group(cls=LazyGroup, invoke_without_command=True, epilog="Example: medviewer ~/studies/chest")
@click.version_option(package_name="medviewer", prog_name="medviewer")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """MedViewer: radiological images and models on this machine. Research and teaching only - not for diagnosis.

    `medviewer [PATH …]` opens the window; the commands below work without one.
    """


def main(args: list[str] | None = None) -> int:
    """Run the command line and return its exit code (the console script hands it to sys.exit)."""
    args = sys.argv[1:] if args is None else args
    _speak_utf8()
    named = next((a for a in args if not a.startswith("-")), None)
    if not args or (named == args[0] and named not in COMMANDS):
        return guarded(_open_window, args)
    return guarded(_run_command, args)


def _run_command(args: list[str]) -> int:
    try:
        result = cli.main(args, prog_name="medviewer", standalone_mode=False)
    except click.exceptions.Exit as done:
        return int(done.exit_code)
    except click.Abort:
        print("Cancelled.", file=sys.stderr)
        return 7
    except click.UsageError as wrong:
        wrong.show(file=sys.stderr)
        return 2
    return result if isinstance(result, int) else 0


def _open_window(paths: list[str]) -> int:
    from medviewer.ui.application import run

    return run(paths)


def guarded(call: Any, args: list[str]) -> int:
    """Call it; every fault becomes one sentence on stderr and the documented exit code."""
    from medviewer.cli import faults

    try:
        return int(call(args))
    except MedViewerError as fault:
        return faults.tell(fault)
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return 7
    except Exception as fault:  # the last line of defence: a crash report and one sentence instead of a traceback
        return faults.tell(faults.understood(fault))


def _speak_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


if __name__ == "__main__":
    sys.exit(main())
