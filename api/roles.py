"""What a token may do; apart from how it is asked for, so that a terminal knows it without a web server."""

from enum import StrEnum


class Role(StrEnum):
    """What a token may do: speak for one user at a time, look after all, or read the metrics and nothing else."""

    APPLICATION = "application"
    OPERATOR = "operator"
    METRICS = "metrics"
