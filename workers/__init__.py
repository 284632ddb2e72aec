"""The engine room: how a job runs, whatever it is."""
