"""Settings of a running `rekkrd up`, stored in its data folder for the commands beside it."""

from collections.abc import Iterator, Mapping

from cli.documented import ROOMS, settings_of
from cli.place import Place, write_private

DATABASE, EMBEDDED = "database", "embedded"  # an address that `up` was given, and that of the server it started

# Settings that describe one thing. A command that gets one of them from its environment ignores the stored others: a
# DATABASE_URL with another database's DATABASE_DIRECT_URL would migrate the wrong one.
GROUPS: dict[str, tuple[str, ...]] = {
    DATABASE: ("DATABASE_URL", "DATABASE_DIRECT_URL"),
    "discogs": (
        "DISCOGS_API_URL",
        "DISCOGS_AUTHORIZE_URL",
        "DISCOGS_CONSUMER_KEY",
        "DISCOGS_CONSUMER_SECRET",
        "DISCOGS_PERSONAL_TOKEN",
    ),
    "webhook": ("REKKRD_WEBHOOK_URL", "REKKRD_WEBHOOK_SECRETS"),
    "mail": ("RESEND_API_KEY", "RESEND_API_URL"),
}


def store(place: Place, added: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Write what `up` runs with: what it added, and each setting that its environment gave.

    The files hold addresses and keys, are readable by their owner only, and go with the `up` that wrote them.
    """
    names = {setting.name for room in ROOMS.values() for setting in settings_of(room)}
    given = {name: value for name, value in environment.items() if name in names and value}
    rest = given | dict(added)
    for group, members in GROUPS.items():
        is_embedded = group == DATABASE and members[0] in added
        values = {name: rest.pop(name) for name in members if name in rest}
        _write(place, EMBEDDED if is_embedded else group, values)
    _write(place, None, rest)


def files(place: Place, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the stored files that count beside this environment."""
    yield str(place.stored())
    for group, members in GROUPS.items():
        if not any(environment.get(name) for name in members):
            yield str(place.stored(group))
            if group == DATABASE:
                yield str(place.stored(EMBEDDED))


def _write(place: Place, group: str | None, values: Mapping[str, str]) -> None:
    write_private(place.stored(group), "".join(f"{name}={_quoted(value)}\n" for name, value in values.items()))


def _quoted(value: str) -> str:
    """Quote a value so that a shell and a reader of .env files take it as it is."""
    if "'" not in value:
        return f"'{value}'"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
