"""Log, windows, limit, faults and covers."""

from math import inf
from urllib.parse import parse_qsl

from simulator.admin.accounts import summary
from simulator.admin.places import Places, as_json
from simulator.apparatus import Apparatus
from simulator.call import Answer, Request
from simulator.cover import drawn
from simulator.errors import NotFound, Unprocessable
from simulator.faults import Fault
from simulator.log import Arrival


def overview(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """Tell what there is."""
    return as_json(
        {
            "url": apparatus.world.url,
            "seed": apparatus.world.seed,
            "limit": apparatus.limit.authenticated,
            "anonymous_limit": apparatus.limit.anonymous,
            "window_seconds": apparatus.limit.window_seconds,
            "accounts": [summary(apparatus, each) for each in apparatus.world.accounts.values()],
            "arrivals": len(apparatus.log.arrivals),
            "faults": len(apparatus.faults.all()),
        }
    )


def show_log(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """Show every arrival."""
    return Answer(
        body="".join(f"{line}\n" for line in apparatus.log.lines()).encode(), content_type="application/x-ndjson"
    )


def clear_log(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """Forget all arrivals."""
    apparatus.log.clear()
    return Answer(204)


def show_windows(apparatus: Apparatus, request: Request, _: Places) -> Answer:
    """Tell the most requests in any window; ``seconds``, ``user``, ``peer`` and ``endpoint`` narrow it."""
    asked = dict(parse_qsl(request.query))
    seconds = _seconds(asked.pop("seconds", str(apparatus.limit.window_seconds)))
    unknown = asked.keys() - {"user", "peer", "endpoint"}
    if unknown:
        raise Unprocessable(f"A window cannot be narrowed by {', '.join(sorted(unknown))}.")

    def is_chosen(arrival: Arrival) -> bool:
        return all(getattr(arrival, name) == value for name, value in asked.items())

    counted = apparatus.log.counted(is_chosen)
    statuses: dict[str, int] = {}
    for each in counted:
        statuses[str(each.status)] = statuses.get(str(each.status), 0) + 1
    most = apparatus.log.most_in_window(seconds, is_chosen)
    return as_json({"seconds": seconds, "requests": len(counted), "most": most, "statuses": statuses})


def _seconds(text: str) -> float:
    """Read the length of a window. Raises Unprocessable."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < inf:
        raise Unprocessable("Invalid seconds: expected a number above 0.")
    return seconds


def list_faults(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """List the faults."""
    return as_json({"faults": [each.model_dump() for each in apparatus.faults.all()]})


def add_fault(apparatus: Apparatus, request: Request, _: Places) -> Answer:
    """Take a fault up."""
    return as_json(apparatus.faults.add(Fault.model_validate_json(request.body or b"{}")).model_dump(), 201)


def clear_faults(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """Take all faults away."""
    apparatus.faults.clear()
    return Answer(204)


def drop_fault(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Take one fault away."""
    if not apparatus.faults.remove(int(places[0])):
        raise NotFound(f"There is no fault {places[0]}.")
    return Answer(204)


def forget_limit(apparatus: Apparatus, _: Request, __: Places) -> Answer:
    """Begin with an empty window."""
    apparatus.limit.forget()
    return Answer(204)


def draw(apparatus: Apparatus, _: Request, places: Places) -> Answer:
    """Draw a cover."""
    release_id = int(places[0])
    if not apparatus.world.catalogue.exists(release_id):
        raise NotFound(f"There is no release {release_id}.")
    picture = drawn(apparatus.world.catalogue.release(release_id), int(places[1]))
    return Answer(200, picture.encode(), "image/svg+xml")
