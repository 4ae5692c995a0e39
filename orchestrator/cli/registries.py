"""push, pull."""

from __future__ import annotations

import click

from orchestrator.cli.context import Context

INSECURE = click.option(
    "--insecure", is_flag=True, help="Plain HTTP will do (on this machine's own addresses it does anyway)."
)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="RUN... [REFERENCE]")
@click.option("--bundle", is_flag=True, help="The runs whole, as `export` writes them, and not their images alone.")
@click.option("--with-data", is_flag=True, help="With --bundle: the inputs too.")
@click.option("--with-replays", is_flag=True, help="With --bundle: the replays of these runs too.")
@click.option("--no-layers", is_flag=True, help="With --bundle: without what can be built again.")
@INSECURE
@click.pass_obj
def push(
    context: Context,
    words: tuple[str, ...],
    bundle: bool,
    with_data: bool,
    with_replays: bool,
    no_layers: bool,
    insecure: bool,
) -> None:
    """Push the image of each RUN to a registry, byte for byte, so that its digest stays the plan's.

    REFERENCE is HOST[:PORT]/REPOSITORY[:TAG]; by default the setting `registry`. Credentials are those of
    `docker login`.
    """
    from orchestrator.cli.render import registries

    if bundle:
        from orchestrator.operations.sharing import push_bundle

        shared = push_bundle(
            context.workspace(),
            words,
            with_data=with_data,
            with_layers=not no_layers,
            with_replays=with_replays,
            insecure=insecure,
        )
        context.result("push", registries.shared_data(shared), lambda: registries.shared(shared))
        return
    if with_data or with_replays or no_layers:
        raise click.UsageError("--with-data, --with-replays and --no-layers go with --bundle")
    from orchestrator.operations.registries import push as operation

    done = operation(context.workspace(), words, insecure=insecure)
    data = {"images": [registries.data(one) for one in done]}
    context.result("push", data, lambda: "\n".join(registries.pushed(one) for one in done))


@click.command()
@click.argument("what", metavar="REFERENCE|RUN")
@click.option("--bundle", is_flag=True, help="REFERENCE is a bundle: import its runs.")
@INSECURE
@click.pass_obj
def pull(context: Context, what: str, bundle: bool, insecure: bool) -> None:
    """Bring an image from a registry into the store: by REFERENCE, or the image of RUN by its digest."""
    from orchestrator.cli.render import bundles, registries

    if bundle:
        from orchestrator.operations.sharing import pull_bundle

        imported = pull_bundle(context.workspace(), what, insecure=insecure)
        data = bundles.imported_data(imported, dry_run=False)
        context.result("pull", data, lambda: bundles.imported(imported, dry_run=False))
        return
    from orchestrator.operations.registries import pull as operation

    done = operation(context.workspace(), what, insecure=insecure)
    context.result("pull", registries.data(done), lambda: registries.pulled(done))
