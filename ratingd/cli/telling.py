"""How a refusal is told: on standard error, in words to a person and as JSON to a program."""

import click
from rich.text import Text

from ratingd.cli.output import Form, Output, console, json_text
from ratingd.cli.refusal import Refusal


def tell_refusal(refusal: Refusal, out: Output | None) -> None:
    """A refusal on standard error, in words or as JSON."""
    if out is not None and out.form is not Form.TABLE:
        click.echo(json_text({"error": refusal.plain()}), err=True)
        return
    on = console(stderr=True)
    on.print(Text.assemble((refusal.reason, "bold red"), ": ", refusal.message), soft_wrap=True)
    for name, text in {**refusal.fields, **refusal.looked_at}.items():
        if f"{name}: {text}" == refusal.message:
            continue  # a lone field is all that there is to say
        on.print(Text(f"  {name}: {text}", "dim"), soft_wrap=True)
