"""The oracle sees every kind of loss: what it guards is broken on purpose, one thing at a time."""

import pytest

from tests.journeys.oracle import most_in_window
from tests.journeys.simulated import Arrival
from tests.journeys.spending import Span, spending

pytestmark = pytest.mark.journey

COPY = "(SELECT instance_id FROM rekkrd.instances ORDER BY instance_id LIMIT 1)"
RELEASE = "(SELECT release_id FROM rekkrd.instances ORDER BY instance_id LIMIT 1)"
WANT = "(SELECT release_id FROM rekkrd.wants ORDER BY release_id LIMIT 1)"

TAMPERED = {
    "is lost": f"DELETE FROM rekkrd.instances WHERE instance_id = {COPY}",
    "was never there": f"UPDATE rekkrd.instances SET instance_id = 7 WHERE instance_id = {COPY}",
    "marked missing": f"UPDATE rekkrd.instances SET missing_since = now() WHERE instance_id = {COPY}",
    "folder_id is": f"UPDATE rekkrd.instances SET folder_id = folder_id + 1 WHERE instance_id = {COPY}",
    "rating is": f"UPDATE rekkrd.instances SET rating = (rating + 1) % 6 WHERE instance_id = {COPY}",
    "date_added is": f"UPDATE rekkrd.instances SET date_added = date_added + interval '1 s' WHERE instance_id = {COPY}",
    "media_condition is": f"UPDATE rekkrd.instances SET media_condition = 'X' WHERE instance_id = {COPY}",
    "sleeve_condition is": f"UPDATE rekkrd.instances SET sleeve_condition = 'X' WHERE instance_id = {COPY}",
    "notes is": f"UPDATE rekkrd.instances SET notes = coalesce(notes, '') || ' ' WHERE instance_id = {COPY}",
    "fields is": f"UPDATE rekkrd.instances SET fields = fields || '[{{}}]' WHERE instance_id = {COPY}",
    "has 0 albums": f"DELETE FROM public.albums WHERE discogs_instance_id = {COPY}",
    "discogs_notes is": f"UPDATE public.albums SET discogs_notes = 'x' WHERE discogs_instance_id = {COPY}",
    "catalog_number is": f"UPDATE public.albums SET catalog_number = 'x' WHERE discogs_instance_id = {COPY}",
    "nothing is agreed": f"DELETE FROM rekkrd.agreed WHERE instance_id = {COPY}",
    "agreement on": f'UPDATE rekkrd.agreed SET fields = fields || \'{{"artist": "x"}}\' WHERE instance_id = {COPY}',
    "want": f"DELETE FROM rekkrd.wants WHERE release_id = {WANT}",
    "is wanted and marked missing": f"UPDATE rekkrd.wants SET missing_since = now() WHERE release_id = {WANT}",
    "artists is": f"UPDATE rekkrd.releases SET artists = '[]' WHERE release_id = {RELEASE}",
    "labels is": f"UPDATE rekkrd.releases SET labels = labels || labels WHERE release_id = {RELEASE}",
    "formats is": f"UPDATE rekkrd.releases SET formats = formats #- '{{0,qty}}' WHERE release_id = {RELEASE}",
    "genres is": f"UPDATE rekkrd.releases SET genres = '{{}}' WHERE release_id = {RELEASE}",
    "styles is": f"UPDATE rekkrd.releases SET styles = '{{x}}' WHERE release_id = {RELEASE}",
    "title is": f"UPDATE rekkrd.releases SET title = title || '.' WHERE release_id = {RELEASE}",
    "year is": f"UPDATE rekkrd.releases SET year = 1 WHERE release_id = {RELEASE}",
    "thumb is": f"UPDATE rekkrd.releases SET thumb = 'x' WHERE release_id = {RELEASE}",
    "cover_image is": f"UPDATE rekkrd.releases SET cover_image = 'x' WHERE release_id = {RELEASE}",
    "master_id is": f"UPDATE rekkrd.releases SET master_id = 1 WHERE release_id = {RELEASE}",
    "out of step": "UPDATE public.discogs_import_jobs SET processed_records = processed_records + 1",
    "created 2 times": "INSERT INTO public.discogs_sync_log (user_id, action, discogs_release_id, status, details) "
    "SELECT user_id, action, discogs_release_id, status, details FROM public.discogs_sync_log LIMIT 1",
    "does not know how": "DELETE FROM public.discogs_sync_log WHERE action = 'import'",
    "is running": "UPDATE rekkrd.jobs SET state = 'running', finished_at = NULL WHERE state = 'completed'",
    "folder 1": "UPDATE rekkrd.folders SET name = 'x' WHERE folder_id = 1",
    "field 1": "UPDATE rekkrd.fields SET options = '{}' WHERE field_id = 1",
}


def test_nothing_that_is_broken_escapes_the_oracle(new_fleet):
    fleet = new_fleet()
    fleet.person(records=150, wants=20)
    fleet.start_imports()
    fleet.start_workers()
    fleet.wait_until_over()
    assert fleet.complaints() == []
    for expected, statement in TAMPERED.items():
        with fleet.tampered(statement) as said:
            assert any(expected in each for each in said), f"unseen: {statement}"
    assert fleet.complaints() == []


def arrivals(*times):
    return [Arrival(time, time, time + 0.1, "somebody", "collection", 200, None) for time in times]


def spent(times, waits, outages=()):
    return spending(
        arrivals(*times),
        window=5.4,
        limit=55,
        busy=Span(0.0, 100.0),
        waits=waits,
        outages=outages,
        hold=4.0,
    ).use


def test_the_most_in_a_window_is_counted_in_every_window():
    assert most_in_window([0.0, 1.0, 5.9, 6.0, 6.1], 6.0) == 4
    assert most_in_window([0.0, 6.0, 12.0], 6.0) == 1
    assert most_in_window([], 6.0) == 0


def test_use_counts_what_could_be_sent_while_somebody_waited():
    paced = [number * 0.1 for number in range(100)]  # the interval of (5.4 + 0.1) / 55
    assert spent(paced, [Span(0.0, 10.0)]) == pytest.approx(1.0, abs=0.02)
    assert spent(paced[::2], [Span(0.0, 10.0)]) == pytest.approx(0.5, abs=0.02)
    assert spent(paced[::2], []) == pytest.approx(1.0, abs=0.02)
    assert spent(paced[:50], [Span(0.0, 10.0)], [Span(5.0, 10.0)]) == pytest.approx(1.0, abs=0.03)
