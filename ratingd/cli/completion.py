"""`ratingd completion`: the few lines that teach a shell the commands, options and account names."""

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_RATINGD_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  echo 'eval "$(ratingd completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(ratingd completion zsh)"' >> ~/.zshrc
    fish:  ratingd completion fish > ~/.config/fish/completions/ratingd.fish

    Names of accounts are completed too, while a daemon answers at the address in the settings.
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(found(context.find_root().command, {}, "ratingd", _VARIABLE).source())
