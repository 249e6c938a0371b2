"""The options that several commands share, each with one name and one help text."""

from __future__ import annotations

import click

__all__ = ["json_option", "seed_option", "size_option", "url_option"]

url_option = click.option("--url", help="Address of the server.  [default: from the settings of host and port]")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
seed_option = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the sample: the same seed, the same data.",
)
size_option = click.option(
    "--size",
    type=click.Choice(["small", "medium", "large"]),
    default="medium",
    show_default=True,
    help="Size of the sample.",
)
