"""The commands, in the order of `rekkrd --help`; a module is imported when its command is used.

All of them together take longer to import than most commands take to run, and `up` starts four of them at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer

MACHINE, COLLECTORS, JOBS, PROCESSES = "Everything on this machine", "Collectors", "Jobs", "Processes, one by one"
PASSED_ON = {"context_settings": {"allow_extra_args": True, "ignore_unknown_options": True}, "add_help_option": False}


@dataclass(frozen=True, slots=True)
class Command:
    """One word behind `rekkrd`: the module that has it, as a function of its name or as a group named `app`."""

    name: str
    panel: str
    module: str = ""
    function: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def join(self, app: typer.Typer) -> None:
        """Import the module and put the command into the app."""
        module = import_module(f"cli.{self.module or self.name}")
        if group := getattr(module, "app", None):
            app.add_typer(group, name=self.name, rich_help_panel=self.panel)
        else:
            command = getattr(module, self.function or self.name)
            app.command(self.name, rich_help_panel=self.panel, **self.options)(command)


COMMANDS = (
    Command("up", MACHINE),
    Command("demo", MACHINE),
    Command("doctor", MACHINE),
    Command("connect", COLLECTORS),
    Command("disconnect", COLLECTORS),
    Command("export", COLLECTORS),
    Command("users", COLLECTORS),
    Command("keys", COLLECTORS),
    Command("import", JOBS, module="importing", function="import_"),
    Command("push", JOBS),
    Command("sync", JOBS),
    Command("history", JOBS),
    Command("prices", JOBS),
    Command("alerts", JOBS),
    Command("sellers", JOBS),
    Command("value", JOBS),
    Command("rates", JOBS),
    Command("conflicts", JOBS, function="show"),
    Command("questions", JOBS, function="ask"),
    Command("jobs", JOBS),
    Command("queues", JOBS),
    Command("workers", JOBS),
    Command("schedule", JOBS),
    Command("limiter", JOBS),
    Command("webhook", JOBS),
    Command("usage", JOBS),
    Command("capacity", JOBS, function="show"),
    Command("api", PROCESSES),
    Command("worker", PROCESSES),
    Command("scheduler", PROCESSES),
    Command("simulator", PROCESSES, options=PASSED_ON),
    Command("migrate", PROCESSES),
    Command("version", PROCESSES),
)


def needed(arguments: Sequence[str]) -> tuple[Command, ...]:
    """Return the command that the arguments name; all, for who asks for help or names none that there is.

    The options in front of it take no values, so the first other word is its name.
    """
    named = next((word for word in arguments if not word.startswith("-")), None)
    return tuple(command for command in COMMANDS if command.name == named) or COMMANDS
