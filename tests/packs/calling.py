"""Calling the command line as a person does."""

from __future__ import annotations

from typer.testing import CliRunner

from escalations import cli


def call(*arguments: str) -> tuple[int, str]:
    """Call a command, and give its exit code and everything that it printed."""
    result = CliRunner().invoke(cli.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output
