-- The clock: one row a tick, so that two schedulers never enqueue the same work twice.

CREATE TABLE rekkrd.ticks (
    entry text NOT NULL,
    due_at timestamptz NOT NULL,
    job_id uuid,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (entry, due_at)
);

COMMENT ON TABLE rekkrd.ticks IS
'One row for each time that an entry of the timetable came due. The second scheduler meets the first one''s row and '
'stops.';

REVOKE ALL ON rekkrd.ticks FROM public;
