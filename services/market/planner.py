"""The planner: shares the capacity for prices between alert checks and the refresh of all other prices. Pure."""

from dataclasses import dataclass

ALERTS_SHARE = 0.5  # of the capacity, while other prices use the rest


@dataclass(frozen=True, slots=True)
class Plan:
    """Requests a minute for each, and by how much their intervals stretch; 1 while capacity suffices."""

    alerts: float
    prices: float
    alerts_stretch: float
    prices_stretch: float


def share(capacity: float, *, alerts: float, prices: float) -> Plan:
    """Share ``capacity`` among the demands for alert checks and other prices, all in requests a minute.

    Alerts get up to half, prices the rest; each also gets what the other does not use. Where demand exceeds its part,
    all intervals of it stretch equally.
    """
    reserved = capacity * ALERTS_SHARE
    for_alerts = min(alerts, max(reserved, capacity - prices))
    for_prices = min(prices, capacity - for_alerts)
    return Plan(for_alerts, for_prices, _stretch(alerts, for_alerts), _stretch(prices, for_prices))


def _stretch(demand: float, given: float) -> float:
    return max(1.0, demand / given) if demand and given else 1.0
