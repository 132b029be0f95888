"""``summarize models``: the catalogue as a table or as JSON."""

from __future__ import annotations

import json

import click

from .models.catalogue import CATALOGUE, DEFAULT_MODEL


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--json", "as_json", is_flag=True, help="One JSON object per model and line.")
def models(as_json: bool) -> None:
    """What can produce summaries: size, licence, whether it is on this machine."""
    if as_json:
        for spec in CATALOGUE.values():
            click.echo(json.dumps({**spec.to_dict(), "default": spec.alias == DEFAULT_MODEL}, ensure_ascii=False))
        return
    for spec in CATALOGUE.values():
        mark = " (default)" if spec.alias == DEFAULT_MODEL else ""
        here = "on disk" if spec.on_disk else "not on disk"
        click.echo(f"{spec.alias}{mark}: {spec.description}")
        click.echo(f"    {spec.parameters} M parameters, {spec.megabytes} MB, {here}; reads {spec.input_limit} tokens")
        click.echo(f"    directions {', '.join(spec.directions)}; licence: {spec.licence}")
