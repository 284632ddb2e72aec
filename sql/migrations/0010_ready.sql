-- Whether anything of a lane is ready at all: most looks of a dispatcher find nothing that needs no token.

CREATE INDEX jobs_ready ON rekkrd.jobs (lane, takes_token, due_at)
WHERE state IN ('pending', 'running', 'retrying');
