"""The door for a person at a terminal: the `rekkrd` command."""
