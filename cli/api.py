"""`rekkrd api`: the process that serves HTTP, for programs and browsers."""

from api.main import serve
from api.settings import ApiSettings
from cli import here, ports
from cli.production import require_complete
from workers import logs
from workers.ending import Ending


def api() -> None:
    """Serve HTTP; /docs on it shows every route.

    Listens on REKKRD_API_HOST and REKKRD_API_PORT until Ctrl-C or SIGTERM, then answers what is under way.
    """
    ending = Ending()
    settings, doors = here.settings(), ApiSettings(_env_file=here.env_files())
    require_complete(settings, doors)
    logs.configure(settings.engine.log_format, settings.engine.log_level)
    with here.opened(settings) as resources:
        ports.require_free(doors.host, doors.port, "REKKRD_API_PORT", "The API")
        serve(doors, resources, ending)
