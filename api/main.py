"""The API as a process: from start to a clean end."""

import secrets
from typing import Any

import structlog
import uvicorn
from pydantic import SecretStr

from api.app import create_app
from api.connections import BoundedProtocol, connection_limit
from api.settings import ApiSettings
from workers.ending import Ending
from workers.resources import Resources

log = structlog.get_logger(__name__)

GOODBYE_SECONDS = 10  # for requests under way; streams end by themselves at once


class Server(uvicorn.Server):
    """A server that says that it listens once it does, and that ends where the process was asked to end before."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        super().__init__(config)
        self._ending = ending

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Bind the port, then say so; where that fails, uvicorn says why and ends."""
        if self._ending.has_come:  # before uvicorn began to listen for signals
            self.should_exit = True
            return
        await super().startup(sockets)
        if self.started:
            log.info("api_listening", host=self.config.host, port=self.config.port)


def serve(settings: ApiSettings, resources: Resources, ending: Ending | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then answer what is under way. Open the resources after any fork.

    At its end uvicorn raises the signal again; the handlers of ``ending`` take it, so the exit status is 0.

    Raises:
        NotConfigured: production, and no token is set.
    """
    app = create_app(_opened(settings, resources), resources)
    app.openapi()  # routes and schema are made when they are first asked for: half a second that no caller shall wait
    BoundedProtocol.most_connections = connection_limit()
    server = Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            http=BoundedProtocol,
            backlog=BoundedProtocol.most_connections,
            access_log=False,  # it would write queries out, and hand-shakes bring their codes there: see api/logs.py
            log_config=None,  # the process has set up logging
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        ),
        ending or Ending(),
    )
    app.state.is_stopping = lambda: server.should_exit
    server.run()
    log.info("api_stopped")


def _opened(settings: ApiSettings, resources: Resources) -> ApiSettings:
    """Make tokens for this run when none is set, but never in production; they are shown, not logged."""
    has_tokens = settings.application_tokens or settings.operator_tokens
    if has_tokens or resources.settings.engine.env == "production":
        return settings
    application, operator = new_token(), new_token()
    print(  # noqa: T201  the one place where a token is shown: to who started us, on a terminal
        f"No API tokens are set, so these open the API until it ends:\n"
        f"  application  {application}\n  operator     {operator}",
        flush=True,
    )
    return settings.model_copy(
        update={"tokens_application": SecretStr(application), "tokens_operator": SecretStr(operator)}
    )


def new_token() -> str:
    """Make a token that nobody guesses."""
    return secrets.token_hex(24)
