"""Who sits at this terminal, for what is remembered of operators."""

import getpass


def name() -> str:
    """Return the name of the person by this machine's word."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may know no name for its user
        return "an operator"
