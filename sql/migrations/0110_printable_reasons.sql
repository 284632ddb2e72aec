-- Texts of operators are shown on terminals: no C0 except newline and tab, no DEL, no C1, no change of text direction.
-- NOT VALID: rows of before stay; terminals show their control characters as pictures.
CREATE FUNCTION rekkrd.is_printable(given text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN given !~ '[\u0001-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]';

COMMENT ON FUNCTION rekkrd.is_printable (text) IS 'Whether a text has no character that acts on a terminal.';

REVOKE ALL ON FUNCTION rekkrd.is_printable (text) FROM public;

ALTER TABLE rekkrd.pauses ADD CONSTRAINT pauses_are_printable
CHECK (rekkrd.is_printable(reason) AND rekkrd.is_printable(made_by)) NOT VALID;

ALTER TABLE rekkrd.entry_pauses ADD CONSTRAINT entry_pauses_are_printable
CHECK (rekkrd.is_printable(reason) AND rekkrd.is_printable(made_by)) NOT VALID;

ALTER TABLE rekkrd.gates ADD CONSTRAINT gates_are_printable CHECK (rekkrd.is_printable(reason)) NOT VALID;

ALTER TABLE rekkrd.audit ADD CONSTRAINT audit_is_printable CHECK (rekkrd.is_printable(made_by)) NOT VALID;
