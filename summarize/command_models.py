"""``summarize models``: the catalogue as a table or as JSON; ``summarize models download``: bringing one here."""

from __future__ import annotations

import json

import click

from .errors import UsageError
from .models.catalogue import CATALOGUE, DEFAULT_MODEL, ModelSpec, find_spec, licence_notice

_ROLES = {"summarizer": "", "pair": "", "translator": " [translator, for pairs]"}


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per model and line.")
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """What can produce summaries: size, licence, whether it is on this machine.

    Any encoder-decoder of the hub (organisation/name) or of a folder can be given to --model as well.
    """
    if context.invoked_subcommand is not None:
        return
    for spec in CATALOGUE.values():
        if as_json:
            click.echo(json.dumps({**spec.to_dict(), "default": spec.alias == DEFAULT_MODEL}, ensure_ascii=False))
        else:
            _print(spec)


def _print(spec: ModelSpec) -> None:
    mark = " (default)" if spec.alias == DEFAULT_MODEL else _ROLES[spec.role]
    here = "on disk" if spec.on_disk else "not on disk"
    use = "" if spec.commercial else " (non-commercial)"
    click.echo(f"{spec.alias}{mark}: {spec.description}")
    click.echo(f"    {spec.parameters} M parameters, {spec.megabytes} MB, {here}; reads {spec.input_limit} tokens")
    click.echo(f"    directions {', '.join(spec.directions)}; licence: {spec.licence}{use}")


@models.command()
@click.argument("names", metavar="ALIAS...", nargs=-1, required=True)
def download(names: tuple[str, ...]) -> None:
    """Brings models into the hub's cache (HF_HOME), at their pinned commits; prints where each one lies.

    ALIAS is a name of `summarize models`, a pair such as mt5-xlsum+opus-mt, or a hub repository organisation/name.
    """
    from .models.hub.checkpoint import refuse_raw_name
    from .models.hub.files import REPO
    from .models.hub.files import download as fetch
    from .models.hub.specs import UNPINNED

    wanted: list[tuple[str, str, str]] = []
    for name in names:
        spec = find_spec(name)
        repo, _, commit = name.partition("@")
        if spec is None and not REPO.fullmatch(repo):
            raise UsageError(
                f"{name!r} is not a known model (unknown): choose from {', '.join(CATALOGUE)}, or give a "
                f"hub repository as organisation/name"
            )
        if spec is None:
            refuse_raw_name(repo)
            wanted.append((name, repo, commit or UNPINNED))
        elif spec.sources:
            wanted += [(name, source.repo, source.revision) for source in spec.sources]
        else:
            click.echo(f"{name}: comes with Khulasa, nothing to download", err=True)
    for name in names:
        notice = licence_notice(name)
        if notice:
            click.echo(f"summarize: {notice}", err=True)
    for name, repo, revision in wanted:
        click.echo(str(fetch(repo, revision, name)))
