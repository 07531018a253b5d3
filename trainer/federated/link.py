"""Flower's SuperLink with two ends: one for this machine, one for devices. Loaded only where Flower is installed.

`python -m trainer.federated.link DEVICES_ADDRESS DEVICES_PORT OPTIONS...`; the options are those of `flower-superlink`,
whose `--host` and `--port` are this machine's own end.
"""

import importlib
import socket
import sys
from typing import Any

import uvicorn
from flwr.superlink.main import create_app

from trainer.federated.gate import OPEN, REGISTER, Gate

PROGRAM = importlib.import_module("flwr.superlink.cli.flower_superlink")  # a function of its package hides the module
REPLACED = "_run_superlink_http_api"  # what serves, of Flower's program


def main() -> None:
    """Serve until told to end."""
    if not hasattr(PROGRAM, REPLACED):
        raise SystemExit(f"this Flower does not serve by {REPLACED}; install the version that pyproject.toml names")
    host, port = sys.argv[1], int(sys.argv[2])
    sys.argv = ["flower-superlink", *sys.argv[3:]]
    setattr(PROGRAM, REPLACED, lambda lifespan_config: _serve(lifespan_config, host, port))
    PROGRAM.flower_superlink()


def _serve(config: Any, host: str, port: int) -> None:
    """As Flower does, but at two ends, and guarded."""
    paths = OPEN if config.enable_supernode_auth else OPEN | REGISTER
    with _listening(config.host, config.port) as inside, _listening(host, port) as devices:
        here: tuple[str, int] = inside.getsockname()[:2]
        print(f"for this machine alone on {here[0]}:{here[1]}, for devices on {host}:{port}", flush=True)  # noqa: T201
        app = Gate(create_app(config, PROGRAM.SuperLinkLifespan), here, paths)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                proxy_headers=False,
                log_config=PROGRAM.get_uvicorn_log_config(PROGRAM.console_handler.level),
                ssl_keyfile=config.ssl_keyfile,
                ssl_certfile=config.ssl_certfile,
            )
        )
        server.run(sockets=[inside, devices])


def _listening(host: str, port: int) -> socket.socket:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return socket.create_server(address, family=family)


if __name__ == "__main__":
    main()
