"""`ratingd demo`: the main job, done on real input in half a minute."""

import click

from ratingd.demo.play import tell


@click.command("demo")
@click.option("--keep", is_flag=True, help="Stay up afterwards, to look around by hand.")
@click.pass_context
def demo_command(context: click.Context, keep: bool) -> None:
    """Start a daemon, load the sample plan, play a switch, and show what came of it.

    A few dozen calls run in parallel over gRPC. A family spends one balance, a package of minutes runs out into money,
    two calls at once hold what they were granted. One account reaches a monitor, is disabled, its calls are cut, and a
    signed alert arrives at a receiver; another one reaches its daily cap. Masked calls are cut: eight that the rule
    sees, and four that only a model does, which is trained meanwhile. Nothing outlives it. Exits 1 if any of this did
    not happen.
    """
    context.exit(tell(keep=keep))
