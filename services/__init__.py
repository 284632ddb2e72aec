"""Domain logic that API, CLI, scheduler and actors share; it enqueues jobs by kind and imports no job kind."""
