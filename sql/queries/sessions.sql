-- Detection of transaction poolers.

-- name: backend()$
-- The process of the server that runs this statement.
SELECT pg_backend_pid();
