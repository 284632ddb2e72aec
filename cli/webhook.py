"""`rekkrd webhook`: how the app's webhook stands, one sent now, and those that were given up sent once more."""

import base64
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Group
from rich.text import Text

from actors.wording import count
from cli import here, layout, operator, screen, words
from cli.errors import CommandFailed, WorkFailed
from db import deliveries, operations
from workers.courier import open_webhook, ping
from workers.settings import EngineSettings
from workers.webhook import PREFIX, keys_of

app = typer.Typer(help="See how the app's webhook stands; send one now, or turn it off.", invoke_without_command=True)

SECRET_BYTES = 32


@app.callback()
def webhook(
    context: typer.Context, *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False
) -> None:
    """Show where ends of jobs are told, how many wait, and what went wrong with those that were not taken."""
    if context.invoked_subcommand:
        return
    settings = here.settings()
    with here.opened_pool(settings) as pool, pool.transaction() as conn:
        counts, troubled = deliveries.counts(conn), deliveries.troubled(conn)
        wanted = deliveries.wanted(conn)
    url = settings.engine.webhook_url
    if as_json:
        said = {"url": url, "told_to": wanted, **asdict(counts), "troubled": [asdict(one) for one in troubled]}
        screen.plain(json.dumps(said, indent=2, default=layout.plain))
        return
    oldest = "" if counts.oldest_at is None else f", the oldest for {words.ago(counts.oldest_at)}"
    lines = [
        Text(_where(settings.engine, wanted)),
        Text(f"{count(counts.waiting, 'webhook')} to be delivered{oldest}; {counts.given_up:,} given up."),
    ]
    screen.out().print(Group(*lines))
    if troubled:
        table = screen.listing("job", "event", "#tries", "next")
        table.add_column("why", header_style="dim", overflow="fold")
        for one in troubled:
            following = "given up" if one.given_up_at else words.ago(one.due_at)
            table.add_row(words.short(one.job_id), one.event, str(one.attempts), following, Text(one.error))
        screen.out().print("", table, sep="\n")
    if counts.given_up:
        screen.say("[dim]Send them once more: rekkrd webhook retry[/]")


@app.command()
def test() -> None:
    """Send a signed `ping` now, and say what the app answered."""
    settings = here.settings().engine
    if (hook := open_webhook(settings)) is None:
        raise CommandFailed("No webhook is set.", "Set REKKRD_WEBHOOK_URL and REKKRD_WEBHOOK_SECRETS.")
    answer = ping(hook)
    hook.close()
    if not answer.is_taken:
        why = answer.said if answer.status is None else f"It answered {answer.status}: {answer.said}"
        raise WorkFailed(
            f"{settings.webhook_url} did not take it. {why}", "Look there; docs/webhook.md has a receiver."
        )
    screen.tell(f"{settings.webhook_url} took it: {answer.status}.")


@app.command()
def retry() -> None:
    """Send failed webhooks again now: those given up, and those that wait for their next attempt."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        again = deliveries.retry_now(conn)
        if again:
            operations.audit(conn, by=operator.name(), action="webhooks retried", target={"webhooks": again}, jobs=0)
    screen.tell(f"{count(again, 'webhook')} due now." if again else "No webhook has failed.")


@app.command()
def off() -> None:
    """Tell nobody of ends of jobs any more; a worker that starts with REKKRD_WEBHOOK_URL set turns it on again."""
    with here.opened_pool() as pool, pool.transaction() as conn:
        wanted = deliveries.wanted(conn)
        if deliveries.turn_off(conn):
            operations.audit(conn, by=operator.name(), action="webhook off", target={"urls": wanted}, jobs=0)
    screen.tell(f"Ends of jobs are no longer told to {', '.join(wanted)}." if wanted else "The webhook is off already.")


@app.command()
def secret() -> None:
    """Print a fresh secret for REKKRD_WEBHOOK_SECRETS."""
    screen.plain(PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def _where(settings: EngineSettings, wanted: Sequence[str]) -> str:
    if settings.webhook_url is None or settings.webhook_secrets is None:
        if wanted:
            return f"Workers elsewhere tell ends of users' jobs to {', '.join(wanted)}; no webhook is set here."
        return "No webhook is set: REKKRD_WEBHOOK_URL and REKKRD_WEBHOOK_SECRETS. Ends of jobs are told to nobody."
    keys = count(len(keys_of(settings.webhook_secrets.get_secret_value())), "secret")
    return f"Ends of users' jobs are told to {settings.webhook_url}, signed by {keys}."
