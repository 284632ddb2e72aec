"""`rekkrd keys`: the keys that seal stored Discogs tokens."""

import typer

from actors.wording import count
from cli import here, screen
from cli.place import new_key
from db import links

app = typer.Typer(help="The keys that seal stored Discogs tokens.", no_args_is_help=True)


@app.command()
def new() -> None:
    """Print a fresh key for DISCOGS_OAUTH_ENCRYPTION_KEY."""
    screen.plain(new_key())


@app.command()
def rotate() -> None:
    """Seal every stored token anew with the first key of DISCOGS_OAUTH_ENCRYPTION_KEY.

    Put a new key in front of the present one, with a comma between, restart every process, then run this. When it says
    that all is done, the old key can go.
    """
    with here.opened() as resources, resources.pool.transaction() as conn:
        resealed = links.reseal_all(conn, resources.keys)
    key = resources.keys.current
    screen.say(
        f"The tokens of {count(resealed, 'user')} were sealed anew with the key {key}."
        if resealed
        else f"Every stored token is sealed with the key {key} already."
    )
    if len(resources.keys.by_id) > 1:
        screen.say("The other keys can be taken out of DISCOGS_OAUTH_ENCRYPTION_KEY now.")
