"""PostgreSQL, the direct connection, Redis, and whether their clocks agree with ours."""

from collections.abc import Mapping
from contextlib import suppress

from actors.doctor.findings import Finding, fine, warning, wrong
from db import doctor as db
from db.doctor import Server
from workers import redis_server
from workers.errors import EngineError
from workers.limiter.errors import LimiterUnavailable
from workers.redis_server import RedisServer
from workers.settings import Settings

PATIENCE_SECONDS = 5.0  # for a connection, and for one statement
NEWS_SECONDS = 3.0
FAR_SECONDS = 0.020  # a step takes about ten round trips to the database, and one to Redis while it waits
FULL_SHARE = 0.9
OLDEST_REDIS = (6, 2)
CLOCKS_APART_SECONDS = 2.0
CLOCKS_WRONG_SECONDS = 60.0  # pauses and gates end at wrong times by then, and OAuth's time stamps are refused


def look_at_database(settings: Settings) -> list[Finding]:
    """Whether the database answers, can be written to, is new enough, near enough and has room for connections."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        return judge_database(db.server(conn))


def judge_database(server: Server) -> list[Finding]:
    """Judge what the database said of itself."""
    if server.number < db.OLDEST_SERVER:
        return [
            wrong(f"This is PostgreSQL {server.version}; 15 or newer is needed.", "Upgrade the server.", stops=True)
        ]
    if server.is_read_only:
        return [
            wrong(
                "This database is a replica, or read-only: no job can be stored in it.",
                "Set DATABASE_URL to the primary, or end what makes it read-only.",
                stops=True,
            )
        ]
    size = f"{server.size / 1_000_000:,.0f} MB"
    used = f"{server.connections} of {server.most_connections} connections"
    found = [fine(f"PostgreSQL {server.version}, {_milliseconds(server.seconds)} away, {size}, {used}.")]
    if server.seconds > FAR_SECONDS:
        found.append(
            warning(
                f"A round trip to the database takes {_milliseconds(server.seconds)}, and each step takes about ten.",
                "Run the workers in the same place as the database.",
            )
        )
    if server.connections > FULL_SHARE * server.most_connections:
        found.append(
            warning(
                f"{used.capitalize()} are used; who comes next may be refused.",
                "Lower REKKRD_DATABASE_POOL_SIZE, put a pooler in between, or raise max_connections.",
            )
        )
    return found


def look_at_direct(settings: Settings) -> list[Finding]:
    """Whether workers hear of new jobs at once, or have to look once a second."""
    url, direct = database_url(settings), settings.database.database_direct_url
    if direct is None:
        return [judge_silence(db.hears(url, url, seconds=NEWS_SECONDS))]
    address = direct.get_secret_value()
    with (
        db.looking(url, seconds=PATIENCE_SECONDS) as pooled,
        db.looking(address, seconds=PATIENCE_SECONDS) as alone,
    ):
        one, other = db.server(pooled), db.server(alone)
    if (one.name, one.started_at) != (other.name, other.started_at):
        return [
            wrong(
                f"DATABASE_DIRECT_URL is another database ({other.name}) than DATABASE_URL ({one.name}).",
                "Set both to the same database: migrations run on the direct one.",
            )
        ]
    return [judge_news(db.hears(address, url, seconds=NEWS_SECONDS))]


def judge_news(seconds: float | None) -> Finding:
    """Judge how long news took over DATABASE_DIRECT_URL."""
    if seconds is None:
        return wrong(
            "LISTEN hears nothing over DATABASE_DIRECT_URL: it seems to lead through a transaction pooler.",
            "Set it to the server's own address, past the pooler; migrations need that too. Until then a job may "
            "start 1 s later.",
        )
    return fine(f"LISTEN works: workers hear of a job within {_milliseconds(seconds)}.")


def judge_silence(seconds: float | None) -> Finding:
    """Judge a fleet without DATABASE_DIRECT_URL: it polls, whatever LISTEN could do."""
    cost = "workers look once a second, so a job may start 1 s later."
    if seconds is None:
        return warning(
            f"DATABASE_DIRECT_URL is not set, and DATABASE_URL leads through a transaction pooler: {cost}",
            "Set DATABASE_DIRECT_URL to the server's own address, past the pooler; migrations need it.",
        )
    return warning(
        f"DATABASE_DIRECT_URL is not set: {cost}",
        "LISTEN works over DATABASE_URL: set DATABASE_DIRECT_URL to the same address.",
    )


def look_at_redis(settings: Settings) -> list[Finding]:
    """Whether Redis answers, takes what we write, and forgets nothing by itself."""
    return judge_redis(redis_server.examine(settings))


def judge_redis(server: RedisServer) -> list[Finding]:
    """Judge what Redis said of itself. Whether it keeps anything over a restart does not matter to us."""
    found = []
    if server.version < OLDEST_REDIS:
        found.append(wrong(f"This is {server.product}; Redis 6.2 or newer, or Valkey, is needed.", "Upgrade it."))
    if server.is_cluster:
        found.append(
            wrong(
                "This Redis is a cluster, where keys that belong together lie apart.",
                "Set REDIS_URL to a single Redis: it holds a handful of keys and needs no more.",
            )
        )
    if server.is_replica:
        found.append(wrong("This Redis is a replica: nothing can be written.", "Set REDIS_URL to the primary."))
    elif server.refuses is not None:
        found.append(
            wrong(
                f"Redis refuses what is written: {server.refuses.rstrip('.')}.",
                "Make room in its memory, or on the disk that it saves to; it need not save anything for us. "
                "Until then nobody sends.",
            )
        )
    if server.most and server.policy != "noeviction":
        found.append(
            warning(
                f"Redis may drop keys when its memory is full ({server.policy}): the budget then waits 2 s each "
                "time, and steps that were called up wait 10 s.",
                "Set maxmemory-policy to noeviction.",
            )
        )
    if server.most and server.used > FULL_SHARE * server.most:
        found.append(
            warning(
                f"{server.used / server.most:.0%} of the memory that Redis may take is used.",
                "Raise maxmemory, or look who else uses it: we keep a handful of keys.",
            )
        )
    if server.seconds > FAR_SECONDS:
        found.append(
            warning(
                f"A round trip to Redis takes {_milliseconds(server.seconds)}; each token takes about three.",
                "Run Redis in the same place as the workers.",
            )
        )
    return found or [fine(f"{server.product}, {_milliseconds(server.seconds)} away, {server.policy}.")]


def look_at_clocks(settings: Settings) -> list[Finding]:
    """Whether this machine, the database and Redis tell the same time."""
    with db.looking(database_url(settings), seconds=PATIENCE_SECONDS) as conn:
        ahead = {"the database": db.server(conn).ahead_seconds}
    with suppress(EngineError, LimiterUnavailable):  # that it is away another check says
        ahead["Redis"] = redis_server.examine(settings).ahead_seconds
    return judge_clocks(ahead)


def judge_clocks(ahead: Mapping[str, float]) -> list[Finding]:
    """Judge by how many seconds other clocks are ahead of this machine's."""
    found = []
    for whose, seconds in ahead.items():
        if abs(seconds) <= CLOCKS_APART_SECONDS:
            continue
        apart = f"The clock of {whose} is {abs(seconds):,.0f} s {'ahead of' if seconds > 0 else 'behind'} this one."
        means = "Leases and the budget keep to one clock each, but pauses and gates end that much too early or late"
        if abs(seconds) > CLOCKS_WRONG_SECONDS:
            sentence = f"{apart} {means}, and Discogs may refuse our signatures."
            found.append(wrong(sentence, "Let NTP set the clock that is wrong.", "timedatectl"))
        else:
            found.append(warning(f"{apart} {means}.", "Let NTP set the clock that is wrong.", "timedatectl"))
    furthest = max(abs(seconds) for seconds in ahead.values())
    return found or [fine(f"This machine, {' and '.join(ahead)} agree within {max(furthest, 0.01):.2f} s.")]


def database_url(settings: Settings) -> str:
    """Return the address of the database, which is there: a check before this one saw to it."""
    url = settings.database.database_url
    return "" if url is None else url.get_secret_value()


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds:.1f} s"
