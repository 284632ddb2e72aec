"""A worker's step, or a dispatcher's look, in a process of its own that dies with -9 at a chosen statement boundary.

Reads one order a line, forks, and answers with what became of the child. A boundary is the moment before each exchange
with PostgreSQL (BEGIN, SAVEPOINT and COMMIT are exchanges too), and the one after each that ended a transaction.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

import psycopg
import structlog
from psycopg.pq import TransactionStatus

from actors.jobs import JOBS
from workers.broker import CallBroker, Desk
from workers.dispatcher import Dispatcher
from workers.leases import LeaseKeeper
from workers.limiter.lanes import Lane
from workers.resources import open_resources
from workers.runner import Runner
from workers.settings import Settings

WORKER = "mortal"


def main() -> None:
    """Follow orders until nobody gives any more."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _live(order)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps({"died": os.WIFSIGNALED(status), "code": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


def _live(order: Mapping[str, Any]) -> None:
    sys.stdout = sys.stderr  # the answer is the parent's
    _die_at(order["boundary"])
    with open_resources(Settings(env_file=None)) as resources:
        if order["deed"] == "run":
            leases = LeaseKeeper(resources.pool, worker=WORKER, lease_seconds=60, step_deadline_seconds=60)
            runner = Runner(resources, {job.kind.name: job for job in JOBS}, leases, worker=WORKER)
            runner.run(order["job"], 0)
        else:
            broker = CallBroker(resources.redis, namespace="mortal", desk=Desk(4))
            kinds = [job.kind.name for job in JOBS]
            Dispatcher(resources, broker, lanes=(Lane.IMPORT,), kinds=kinds).look()
    os._exit(0)


def _die_at(boundary: int) -> None:
    """Count exchanges of the step's own thread down to our death; 0 lives for ever."""
    exchange: Callable[..., Any] = psycopg.Connection.wait
    passed = 0

    def reach() -> None:
        nonlocal passed
        passed += threading.current_thread() is threading.main_thread()
        if passed == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    def exchange_or_die(conn: Any, *args: Any, **named: Any) -> Any:
        reach()
        answer = exchange(conn, *args, **named)
        if conn.info.transaction_status == TransactionStatus.IDLE:
            reach()
        return answer

    psycopg.Connection.wait = exchange_or_die  # type: ignore[method-assign]  # in this child only


if __name__ == "__main__":
    main()
