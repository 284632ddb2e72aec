"""No statement reads a big table from end to end, with the statistics of a service that has run for years.

The planner is asked about 1,000,000 finished and 100,000 waiting jobs, 5,000,000 albums and copies, 2,000,000 releases
and 10,000 users without anybody loading them: a hundredth of the rows is loaded in the right proportions and analysed,
then the catalogue is told that each page holds a hundred times as many (the planner multiplies rows a page by the pages
of the real file). So pages look cheaper than they would be, rows do not: a plan that avoids the sequential scan here
avoids it the more in truth. Plans are generic, as for a value that nobody knows: PREPARE with force_generic_plan, which
PostgreSQL 15 can do too.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import psycopg
import pytest
from psycopg import sql

from db import queries
from tests.databases import new_database

TIMES = 100

# Loaded rows; the planner sees a hundred times as many.
BIG = {
    "rekkrd.jobs": 11_000,
    "rekkrd.attempts": 12_000,
    "rekkrd.job_log": 40_000,
    "rekkrd.job_requests": 20_000,
    "rekkrd.idempotency": 10_000,
    "rekkrd.deliveries": 10_000,
    "rekkrd.intents": 10_000,
    "rekkrd.conflicts": 10_000,
    "public.discogs_import_jobs": 10_000,
    "public.albums": 50_000,
    "rekkrd.instances": 50_000,
    "rekkrd.agreed": 50_000,
    "public.discogs_sync_log": 50_000,
    "rekkrd.releases": 20_000,
    "rekkrd.wants": 20_000,
    "public.discogs_wantlist": 20_000,
    "rekkrd.preview_items": 20_000,
    "rekkrd.prices": 40_000,
    "public.discogs_price_cache": 20_000,
    "rekkrd.floor_days": 40_000,
    "rekkrd.sweeps": 10_000,
    "rekkrd.questions": 5_000,
    "rekkrd.usage_minutes": 28_000,
    "public.discogs_price_alerts": 20_000,
    "rekkrd.mails": 10_000,
    "rekkrd.firings": 20_000,
    "rekkrd.value_copies": 50_000,
    "rekkrd.value_days": 30_000,
    "rekkrd.usage_months": 20_000,
    "rekkrd.watched_sellers": 10_000,
    "rekkrd.listings": 50_000,
}

SMALL = {
    "public.profiles": "10,000 users, and an app may replace the view on them by what it likes",
    "rekkrd.users": "the view on them",
    "rekkrd.operator_account": "one row: the account of the operator's personal token",
    "rekkrd.live_jobs": "a view on the jobs, read as they are",
    "rekkrd.links": "a row a user",
    "rekkrd.presence_sessions": "a row a process",
    "rekkrd.lease_extensions": "a row a step whose job row is locked",
    "rekkrd.undone_records": "what the last undo of a user changed, always asked by user",
    "rekkrd.release_names": "a view on releases and albums, asked by release",
    "rekkrd.lanes": "three rows",
    "rekkrd.write_probe": "one row",
    "rekkrd.kinds": "a row a kind",
    "rekkrd.turns": "a row a user and lane",
    "rekkrd.gates": "a row a cause",
    "rekkrd.workers": "a row a process",
    "rekkrd.hooks": "one row while a webhook is set",
    "rekkrd.alarms": "a row a trouble",
    "rekkrd.pauses": "three rows at most",
    "rekkrd.tallies": "some rows a kind of job; no user stands in one",
    "rekkrd.ticks": "cleared as the clock goes on",
    "rekkrd.entry_pauses": "a row an entry of the timetable",
    "rekkrd.nights": "a row a user",
    "rekkrd.touched": "who changed something in the last minutes",
    "rekkrd.previews": "a row a user",
    "rekkrd.undos": "a few a user, always asked by user",
    "rekkrd.preview_pages": "a row a page while somebody looks, always asked by user",
    "rekkrd.sync_settings": "a row a user",
    "rekkrd.audit": "a row for each act of an operator",
    "rekkrd.restores": "a row for each time that the database came back from a backup",
    "rekkrd.migrations": "a row a migration",
    "rekkrd.functions": "a row a file of sql/functions",
    "rekkrd.handshakes": "cleared after a day",
    "rekkrd.exchange_rates": "a row a currency",
    "rekkrd.rates_now": "the view on them",
    "rekkrd.sellers": "a row a seller whom somebody watches: thousands",
    "rekkrd.rate_days": "a row a currency and day",
    "rekkrd.discogs_values": "a row a user",
    "rekkrd.rules": "a few a user, always asked by user",
    "rekkrd.folders": "a few a user, always asked by user",
    "rekkrd.fields": "a few a user, always asked by user",
    "public.discogs_value_history": "not asked yet; a row a user and day",
    "rekkrd.alerts_now": "the view on alerts",
    "public.discogs_usage": "a row a user and month",
    "rekkrd.usage_flushes": "cleared after a day",
}

# Twice the cost of a collector's own 500 copies. Who pays more and then filters has an index that does not fit.
MUCH = 4_000

# Statements that may throw away what they read of an index, which is never the whole table.
THOROUGH = {
    "operations.find_chosen": "an operator's act on many: each job of one state is looked at once, in pieces",
    "operations.count_chosen": "the same, counted before it happens",
    "restores.find_walks": "once a restore: each live job is looked at",
}

# Statements that count everything, for a person who asks how much there is.
COUNTS = {"price_plan.totals": "the plan of prices: each release adds to what a day has to do"}

# Indexes that may be read whole.
HANDFUL = {
    "listings_looked_at": "partial: what somebody waits for",
    "prices_alerted": "partial: prices that alerts watch, counted by the plan of prices",
    "jobs_failed_alike": "partial: failed jobs, for the classes that a filter may name",
    "deliveries_due": "partial: what the app has not taken yet",
    "mails_due": "partial: mails that were not taken yet",
    "mails_given_up": "partial: mails of an uncertain end",
    "deliveries_given_up": "partial: what the app has not taken for a day",
    "jobs_taken": "partial: what is called up or under way",
    "intents_one_open_per_album": "partial: adds on their way",
    "jobs_one_follower": "partial: what waits to follow another",
    "jobs_in_line": "partial: what is not finished; PostgreSQL 15 reads it whole to clear idle turns, now and then",
}

# The rooms of the ledger, and what they are asked with in a service that has run for years. A plan for what is known
# can be worse than one for anything: where 100,000 wait, the planner expects to meet one of them wherever it begins.
LEDGER = ("fleet", "jobs", "line", "operations", "retention", "steps", "story", "waiting")
KNOWN = {
    "lane": "'import'",
    "kind": "'import_collection'",
    "kinds": "ARRAY['import_collection', 'import_wantlist', 'upkeep']",
    "state": "'failed'",
    "error_class": "'Unavailable'",
    "takes_token": "true",
    "user_id": "lpad(to_hex(77), 32, '0')::uuid",
    "id": "lpad(to_hex(77), 32, '0')::uuid",
    "job_id": "lpad(to_hex(77), 32, '0')::uuid",
    "ids": "ARRAY[lpad(to_hex(77), 32, '0')::uuid]",
    "worker": "'host:1:ab'",
    "fence": "1",
    "room": "4",
    "most": "200",
    "call_seconds": "10",
    "lease_seconds": "10",
    "newer_than": "now() - interval '3 days'",
    "older_than": "now() - interval '1 day'",
    "after_at": "'-infinity'",
    "after_id": "lpad('', 32, '0')::uuid",
    "before_at": "now()",
    "before_id": "lpad('', 32, 'f')::uuid",
    "kept": "interval '30 days'",
    "failed_kept": "interval '90 days'",
    "age": "interval '10 minutes'",
}

FILL = """
SET session_replication_role = replica;

INSERT INTO public.profiles (id, handle)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'user' || n FROM generate_series(1, 10000) AS n;

INSERT INTO rekkrd.links (user_id) SELECT id FROM public.profiles;

INSERT INTO rekkrd.turns (lane, user_id, turn)
SELECT l.lane, p.id, 1 FROM rekkrd.lanes AS l CROSS JOIN public.profiles AS p;

INSERT INTO rekkrd.jobs (
    kind, lane, queue, user_id, unique_key, takes_token, speaks_for_user, state, created_at, due_at, started_at,
    finished_at
)
SELECT (ARRAY['import_collection', 'import_wantlist', 'upkeep'])[1 + n / 3 % 3],
       CASE WHEN n % 11 = 0 THEN 'import' ELSE (ARRAY['interactive', 'import', 'background'])[1 + n % 3] END, 'token',
       lpad(to_hex(1 + n % 10000), 32, '0')::uuid, 'key' || n, true, true,
       CASE WHEN n % 11 = 0 THEN 'pending' WHEN n % 97 = 0 THEN 'cancelled' ELSE 'completed' END,
       now() - n * interval '1 minute', now() - n * interval '1 minute', now() - n * interval '1 minute',
       CASE WHEN n % 11 <> 0 THEN now() - n * interval '1 minute' END
  FROM generate_series(1, 11000) AS n;

INSERT INTO rekkrd.attempts (job_id, fence, step, nth, worker, ended_as)
SELECT id, 1, 1, 1, 'worker', 'completed' FROM rekkrd.jobs
UNION ALL (SELECT id, 2, 1, 2, 'worker', 'crashed' FROM rekkrd.jobs LIMIT 1000);

INSERT INTO rekkrd.job_log (job_id, fence, line, step, logged_at, level, event)
SELECT j.id, n, 1, n, now(), 'info', 'asked_discogs' FROM rekkrd.jobs AS j CROSS JOIN generate_series(1, 4) AS n
 LIMIT 40000;

INSERT INTO rekkrd.job_requests (job_id, endpoint, status, requests, seconds)
SELECT j.id, 'GET /' || n, 200, 1, 0.6 FROM rekkrd.jobs AS j CROSS JOIN generate_series(1, 2) AS n LIMIT 20000;

INSERT INTO rekkrd.idempotency (scope, key, body_hash, made_at)
SELECT 'application', n::text, '', now() - n * interval '9 seconds' FROM generate_series(1, 10000) AS n;

INSERT INTO rekkrd.deliveries (job_id, event, ended_at, body, due_at, delivered_at, given_up_at)
SELECT id, 'job.completed', finished_at, '{}', finished_at,
       CASE WHEN row_number() OVER () % 100 <> 0 THEN finished_at END,
       CASE WHEN row_number() OVER () % 1000 = 0 THEN finished_at END
  FROM rekkrd.jobs WHERE finished_at IS NOT NULL LIMIT 10000;

INSERT INTO rekkrd.intents (user_id, release_id, known, state, ended_at, instance_id)
SELECT id, 1, '{}', 'confirmed', now(), 1 FROM public.profiles LIMIT 10000;

INSERT INTO rekkrd.conflicts (
    user_id, instance_id, release_id, field, has_base, found_at, resolved_at, resolution, resolved_by
)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, n, 1, 'discogs_notes', true, now() - n * interval '1 minute',
       CASE WHEN n % 3 > 0 THEN now() END, CASE WHEN n % 3 > 0 THEN 'ours' END, CASE WHEN n % 3 > 0 THEN 'rule' END
  FROM generate_series(1, 10000) AS n;

INSERT INTO public.discogs_import_jobs (id, user_id, status)
SELECT id, user_id, 'completed' FROM rekkrd.jobs LIMIT 10000;

INSERT INTO rekkrd.releases (release_id, master_id, title, artist)
SELECT n, n / 3, 'title ' || n, 'artist ' || n % 5000 FROM generate_series(1, 20000) AS n;

INSERT INTO public.albums (user_id, artist, title, year, discogs_release_id, discogs_instance_id, discogs_date_added)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, 'artist ' || n % 5000, 'title ' || n, 1950 + n % 70,
       1 + n % 20000, CASE WHEN n % 10 <> 0 THEN n END, now() - n * interval '1 minute'
  FROM generate_series(1, 50000) AS n;

INSERT INTO rekkrd.sweeps (id, job_id, user_id, list, try, sort, sort_order, finished_at, outcome)
SELECT lpad(to_hex(n), 32, '0')::uuid, gen_random_uuid(), lpad(to_hex(1 + n % 10000), 32, '0')::uuid, 'collection', 1,
       'added', 'desc', now(), 'complete'
  FROM generate_series(1, 10000) AS n;

INSERT INTO rekkrd.instances (user_id, instance_id, release_id, folder_id, date_added, seen_in, missing_since)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, n, 1 + n % 20000, 1, now() - n * interval '1 minute',
       lpad(to_hex(1 + n % 10000), 32, '0')::uuid, CASE WHEN n % 50 = 0 THEN now() END
  FROM generate_series(1, 50000) AS n;

INSERT INTO rekkrd.agreed (user_id, instance_id, album_id, fields)
SELECT user_id, discogs_instance_id, id, '{}' FROM public.albums WHERE discogs_instance_id IS NOT NULL;

INSERT INTO rekkrd.wants (user_id, release_id, date_added, seen_in)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, n, now() - n * interval '1 minute',
       lpad(to_hex(1 + n % 10000), 32, '0')::uuid
  FROM generate_series(1, 20000) AS n;

INSERT INTO public.discogs_wantlist (user_id, discogs_release_id)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, n FROM generate_series(1, 20000) AS n;

INSERT INTO rekkrd.previews (user_id, job_id) SELECT id, id FROM public.profiles;

INSERT INTO rekkrd.preview_items (user_id, way, change, is_want, release_id, instance_id, artist, title)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, 'comes_in', 'new', FALSE, n, n, 'a', 't'
  FROM generate_series(1, 20000) AS n;

INSERT INTO public.discogs_price_alerts (user_id, discogs_release_id, target_price, currency, condition_minimum)
SELECT lpad(to_hex(n % 100), 32, '0')::uuid, n / 2, 20, 'EUR', 'VG+' FROM generate_series(1, 20000) AS n;
INSERT INTO rekkrd.mails (id, user_id, due_at, content, first_sent_at, attempts, sent_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n % 100), 32, '0')::uuid, now(), '{}', now(), 1, now()
FROM generate_series(1, 10000) AS n;
INSERT INTO rekkrd.firings (
    mail_id, user_id, alert_id, release_id, target, currency, floor, floor_said, floor_currency, rate, rate_as_of,
    floor_at
)
SELECT lpad(to_hex(n / 2), 32, '0')::uuid, lpad(to_hex(n % 100), 32, '0')::uuid, gen_random_uuid(), n, 20, 'EUR', 19,
       19, 'USD', 1, now(), now()
FROM generate_series(1, 20000) AS n;
INSERT INTO rekkrd.value_copies (user_id, album_id, grade)
SELECT user_id, id, 'VG' FROM public.albums;

INSERT INTO rekkrd.value_days (user_id, day, currency, copies, assumed)
SELECT p.id, current_date - n, 'USD', 1, 0 FROM public.profiles AS p CROSS JOIN generate_series(1, 3) AS n;

INSERT INTO rekkrd.sellers (seller, name, state, fetched_at, due_at)
SELECT 'shop' || n, 'shop' || n, 'open', now(), now() + n * interval '1 minute' FROM generate_series(1, 1000) AS n;

INSERT INTO rekkrd.watched_sellers (user_id, seller)
SELECT lpad(to_hex(1 + n % 500), 32, '0')::uuid, 'shop' || 1 + n / 10 % 1000 FROM generate_series(1, 10000) AS n;

INSERT INTO rekkrd.listings (listing_id, seller, release_id, media, price, currency, ships_from, seen_in)
SELECT n, 'shop' || 1 + n % 1000, 1 + n % 20000, 'NM', 20, 'EUR', 'Japan', lpad(to_hex(n % 1000), 32, '0')::uuid
  FROM generate_series(1, 50000) AS n;

INSERT INTO rekkrd.prices (release_id, what, state, fetched_at, every, due_at)
SELECT n, w, 'priced', now() - n * interval '30 seconds', interval '7 days',
       now() + (10080 - n / 2) * interval '1 minute'
  FROM generate_series(1, 20000) AS n CROSS JOIN unnest(ARRAY['suggestions', 'stats']) AS w;

INSERT INTO rekkrd.floor_days (release_id, day, currency, lowest, lowest_at, latest, latest_at)
SELECT n / 8, current_date - n % 100, 'USD', 20, now(), 20, now() FROM generate_series(1, 40000) AS n;

INSERT INTO rekkrd.rate_days (currency, day, per_dollar)
SELECT c, current_date - n, 1 FROM unnest(ARRAY['EUR', 'GBP', 'SEK']) AS c CROSS JOIN generate_series(1, 400) AS n;

INSERT INTO public.discogs_price_cache (discogs_release_id, price_data)
SELECT n, '{"VG+": {"value": "20.00", "currency": "USD"}}' FROM generate_series(1, 20000) AS n;

INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, album_id, status, created_at)
SELECT user_id, 'import', discogs_release_id, id, 'success', discogs_date_added FROM public.albums;

INSERT INTO rekkrd.questions (user_id, kind, subject)
SELECT lpad(to_hex(1 + n % 10000), 32, '0')::uuid, 'duplicate', n::text FROM generate_series(1, 5000) AS n;

INSERT INTO rekkrd.usage_minutes (minute, user_id, lane, kind, endpoint, requests)
SELECT date_trunc('minute', now()) - (n * 9 / 5) * interval '1 minute',
       lpad(to_hex(1 + n % 10000), 32, '0')::uuid, 'import', 'import_collection', 'GET /a', 1
  FROM generate_series(1, 28000) AS n;

INSERT INTO rekkrd.usage_months (month, user_id, lane, kind, endpoint, requests)
SELECT (date_trunc('month', now()) - (n % 25) * interval '1 month')::date, lpad(to_hex(1 + n % 10000), 32, '0')::uuid,
       'import', 'import_collection', 'GET /' || n, 1
  FROM generate_series(1, 20000) AS n;
"""

# What a sample of one hundredth cannot show: these do not grow with the rows.
DISTINCT = [
    ("seller", 100_000),
    ("user_id", 10_000),
    ("release_id", 2_000_000),
    ("discogs_release_id", 2_000_000),
    ("seen_in", 10_000),
]


@pytest.fixture(scope="module")
def filled(_postgres_url: str, _template: str) -> Iterator[str]:
    with new_database(_postgres_url, _template) as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute(FILL)
        for table in BIG:
            name = sql.Identifier(*table.split("."))
            conn.execute(sql.SQL("ALTER TABLE {} SET (autovacuum_enabled = false)").format(name))
            for column, distinct in DISTINCT:
                if conn.execute(
                    "SELECT FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s", [table, column]
                ).rowcount:
                    conn.execute(
                        sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET (n_distinct = {})").format(
                            name, sql.Identifier(column), sql.Literal(distinct)
                        )
                    )
        conn.execute("ANALYZE")
        conn.execute(
            """
            UPDATE pg_class AS c SET reltuples = c.reltuples * %s
              FROM pg_class AS t LEFT JOIN pg_index AS i ON i.indrelid = t.oid
             WHERE t.oid = ANY(%s::regclass[]) AND (c.oid = t.oid OR c.oid = i.indexrelid)
            """,
            [TIMES, list(BIG)],
        )
        yield url


@pytest.fixture
def conn(filled: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(filled, autocommit=True) as conn:
        conn.execute("SET plan_cache_mode = force_generic_plan")
        yield conn


def statements() -> Iterator[tuple[str, str]]:
    """Every statement that can be planned, with $1, $2 … for its parameters."""
    for name in queries.names():
        loaded = queries.load(name)
        for query in loaded.available_queries:
            if query.endswith("_cursor"):  # aiosql offers each select twice
                continue
            text = getattr(loaded, query).sql
            if re.match(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE|MERGE)\b", text):
                yield f"{name}.{query}", text


def planned(conn: psycopg.Connection, text: str, known: Mapping[str, str] = MappingProxyType({})) -> dict[str, object]:
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", text).replace("%%", "%")
    conn.execute(f"PREPARE asked AS {numbered.rstrip().rstrip(';')}".encode())
    try:
        given = f"({', '.join(known.get(name, 'NULL') for name in names)})" if names else ""
        (plan,) = conn.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) EXECUTE asked{given}".encode()).fetchone()  # type: ignore[misc]
        return plan[0]["Plan"]
    finally:
        conn.execute("DEALLOCATE asked")


def end_to_end(plan: dict, *, is_limited: bool = False) -> Iterator[str]:
    """Big tables of which this plan reads everything, by their rows or by a whole index."""
    is_limited = is_limited or plan["Node Type"] == "Limit"
    table = f"{plan.get('Schema')}.{plan.get('Relation Name')}"
    if table in BIG:
        is_whole_index = plan["Node Type"] in {"Index Scan", "Index Only Scan"} and "Index Cond" not in plan
        if plan["Node Type"] == "Seq Scan":
            yield f"Seq Scan on {table}"
        elif is_whole_index and not is_limited and plan["Index Name"] not in HANDFUL:
            yield f"whole {plan['Index Name']} of {table}"
        elif "Filter" in plan and plan["Total Cost"] > MUCH:
            yield f"{plan['Node Type']} on {table} throws away most of what it reads"
    for child in plan.get("Plans", ()):
        yield from end_to_end(child, is_limited=is_limited)


def everywhere(plan: dict) -> Iterator[dict]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from everywhere(child)


def test_no_statement_of_the_ledger_reads_it_whole_when_the_planner_knows_what_is_asked(
    conn: psycopg.Connection,
) -> None:
    conn.execute("SET plan_cache_mode = force_custom_plan")
    # A page here stands for a hundred: who wants one row must not find an index dear and the table cheap.
    conn.execute(f"SET seq_page_cost = {TIMES}; SET random_page_cost = {4 * TIMES}")
    known = {**KNOWN, "before_id": "2000000000"}
    found = {}
    for name, text in statements():
        if name.partition(".")[0] in LEDGER:
            of_audit = known if "audit" in name else KNOWN
            found[name] = [
                node["Relation Name"]
                for node in everywhere(planned(conn, text, of_audit))
                if node["Node Type"] == "Seq Scan" and f"rekkrd.{node['Relation Name']}" in BIG
            ]
    assert len(found) > 40
    assert {name: tables for name, tables in found.items() if tables} == {}


def test_what_refers_to_a_job_is_found_when_that_is_removed(conn: psycopg.Connection) -> None:
    keys = conn.execute("""
        SELECT k.conrelid::regclass::text, a.attname
          FROM pg_constraint AS k JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
         WHERE k.contype = 'f' AND k.confrelid = 'rekkrd.jobs'::regclass
    """).fetchall()
    assert len(keys) >= 5
    for table, column in keys:
        plan = planned(conn, f"DELETE FROM ONLY {table} WHERE %(id)s OPERATOR(pg_catalog.=) {column}")
        assert [node["Node Type"] for node in everywhere(plan) if node["Node Type"] == "Seq Scan"] == [], (
            table,
            column,
        )


def test_every_table_is_known_here_as_big_or_small(conn: psycopg.Connection) -> None:
    found = {
        name
        for (name,) in conn.execute("""
            SELECT n.nspname || '.' || c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE n.nspname IN ('public', 'rekkrd') AND c.relkind IN ('r', 'p', 'v', 'm')
        """)
    }
    assert found == BIG.keys() | SMALL.keys()


def test_the_planner_believes_the_numbers(conn: psycopg.Connection) -> None:
    for table, loaded in BIG.items():
        plan = planned(conn, f"SELECT * FROM {table}")
        assert 0.8 < plan["Plan Rows"] / (loaded * TIMES) < 1.2, table
        assert list(end_to_end(plan)) == [f"Seq Scan on {table}"]


def test_no_statement_reads_a_big_table_from_end_to_end(conn: psycopg.Connection) -> None:
    found: dict[str, list[str]] = {}
    for name, text in statements():
        try:
            scans = end_to_end(planned(conn, text))
            found[name] = [
                scan for scan in scans if not (name in COUNTS or (name in THOROUGH and "throws away" in scan))
            ]
        except psycopg.ProgrammingError as error:
            found[name] = [f"{error.diag.message_primary}: a parameter needs a cast"]
    assert len(found) > 50
    assert {name: scans for name, scans in found.items() if scans} == {}
