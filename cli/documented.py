"""Every setting of every room: for README's table, for .env.example, and to name the one that cannot be read.

`python -m cli.documented` writes both anew; tests/test_settings_documented.py finds them out of date.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from api.settings import ApiSettings
from cli.settings import CommandSettings
from db.settings import DatabaseSettings
from discogs.settings import DiscogsSettings
from simulator.settings import SimulatorSettings
from workers.limiter.settings import LimiterSettings
from workers.settings import EngineSettings

ROOMS: dict[str, type[BaseSettings]] = {
    "discogs: who we are there": DiscogsSettings,
    "db: what we remember": DatabaseSettings,
    "workers: the engine": EngineSettings,
    "workers: the budget of requests": LimiterSettings,
    "api: programs and browsers": ApiSettings,
    "cli: everything on one machine": CommandSettings,
    "simulator: Discogs offline": SimulatorSettings,
}
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in the environment, what it is when not set, and a sentence on what it does."""

    name: str
    default: str
    sentence: str


def settings_of(room: type[BaseSettings]) -> Iterator[Setting]:
    """Go through one room's settings in their order."""
    for name, field in room.model_fields.items():
        yield Setting(environment_name(room, name), _default(field), field.description or "")


def environment_name(room: type[BaseSettings], field: str) -> str:
    """Return the name of a field in the environment, whether one says the field or already its alias."""
    info = room.model_fields.get(field)
    if info is None:
        return field
    alias = info.validation_alias
    return alias if isinstance(alias, str) else f"{room.model_config.get('env_prefix', '')}{field}".upper()


def table() -> str:
    """Write README's table."""
    lines = ["| setting | when not set | what it does |", "|---|---|---|"]
    for title, room in ROOMS.items():
        lines.append(f"| **{title}** | | |")
        lines += [f"| `{s.name}` | {f'`{s.default}`' if s.default else ''} | {s.sentence} |" for s in settings_of(room)]
    return "\n".join(lines)


def env_file() -> str:
    """Write .env.example: everything commented out, so that a copy changes nothing."""
    blocks = ["# Copy to .env and take the # from the lines that you need. README says the same in a table."]
    for title, room in ROOMS.items():
        lines = [f"# {title}"]
        for setting in settings_of(room):
            lines += ["", f"# {setting.sentence}", f"#{setting.name}={setting.default}"]
        blocks.append("\n".join(lines))
    return "\n\n\n".join(blocks) + "\n"


def with_table(readme: str) -> str:
    """Return README's text with the present table between its marks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    if field.default is None or field.default is PydanticUndefined:
        return ""
    if isinstance(field.default, Enum):
        return str(field.default.value)
    if isinstance(field.default, SecretStr):
        return field.default.get_secret_value()  # a secret with a default is public: it stands in the code
    if isinstance(field.default, bool):
        return str(field.default).lower()
    if isinstance(field.default, float):
        return f"{field.default:g}"
    return str(field.default)


if __name__ == "__main__":
    root = Path(__file__).parent.parent
    readme = root / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8")), encoding="utf-8")
    (root / ".env.example").write_text(env_file(), encoding="utf-8")
    sys.stdout.write("README.md and .env.example say what the settings are.\n")
