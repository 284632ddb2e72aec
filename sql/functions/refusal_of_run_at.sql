-- Check the start time of a job.

CREATE OR REPLACE FUNCTION rekkrd.refusal_of_run_at(run_at text) RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = '' AS $$
BEGIN
    IF run_at IS NULL THEN
        RETURN NULL;
    ELSIF run_at !~ '^\d{4,}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d(:\d\d)?)?)$' THEN
        RETURN 'run_at must be a time in ISO 8601 with a time zone';
    ELSIF run_at::timestamptz > now() + interval '366 days' THEN
        RETURN 'run_at must not be more than a year ahead';
    END IF;
    RETURN NULL;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format OR invalid_time_zone_displacement_value THEN
    RETURN 'run_at must be a time in ISO 8601 with a time zone';
END;
$$;

COMMENT ON FUNCTION rekkrd.refusal_of_run_at(text) IS
'Says why a start time is refused; null if it is valid. A time without a zone means another moment in each session.';
