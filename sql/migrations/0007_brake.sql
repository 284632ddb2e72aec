-- The operator's brake: it may leave the fleet a share of the budget, and says who pulled it.

ALTER TABLE rekkrd.gates
ADD COLUMN share double precision NOT NULL DEFAULT 0,
ADD COLUMN closed_by text,
ADD CONSTRAINT gates_share_is_a_part CHECK (share >= 0 AND share < 1),
ADD CONSTRAINT gates_share_is_the_operators CHECK (share = 0 OR cause = 'operator');

COMMENT ON TABLE rekkrd.gates IS
'Why and until when the fleet sends nothing, or at most a share of the budget. A stored time compared with now: '
'nothing needs to be undone. One row a cause, so that Discogs'' minute does not end an operator''s pause.';
