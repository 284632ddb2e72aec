"""Groups of subcommands that do something without one."""

from collections.abc import Callable
from inspect import Parameter, signature

import typer


def default_to(app: typer.Typer, command: Callable[..., None]) -> None:
    """Let a group without a subcommand run this command, with its options: `rekkrd jobs` is `rekkrd jobs list`."""

    def callback(context: typer.Context, **options: object) -> None:
        if context.invoked_subcommand is None:
            command(**options)

    found = signature(command)
    context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    callback.__signature__ = found.replace(parameters=[context, *found.parameters.values()])  # type: ignore[attr-defined]
    callback.__annotations__ = {**command.__annotations__, "context": typer.Context}
    callback.__doc__ = command.__doc__
    app.callback()(callback)
