"""Serves a checkout on this machine, with data and secrets in its folder `.hemtid`."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dev_venv import PYTHON, ROOT, STATE, Missing, ready

KEYS = STATE / "keys"
DEFAULT_PORT = 8011
FLASK = [str(PYTHON), "-m", "flask", "--app", str(ROOT / "wsgi.py")]
STARTS_WITHIN_SECONDS = 60
STOPS_WITHIN_SECONDS = 25
LAST_LINES = 20


def run(port: int, database: str | None) -> int:
    """The product was served until Ctrl-C or SIGTERM, its tables made and the demo loaded; answers the exit code."""
    ready(development=False)
    _refuse_taken(port)
    environment = environment_for(port, database)
    if not _flask(environment, "migrate"):
        return 1
    try:
        with _serving(environment, port, STATE / "server.log") as server:
            return _load_and_wait(server, environment, port)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0


def _load_and_wait(server: subprocess.Popen[bytes], environment: dict[str, str], port: int) -> int:
    clients = str(STATE / "demo-clients.json")
    if not _flask(environment, "demo", "--load", "--base-url", _address(port), "--clients", clients):
        return 1
    print(f"\nHemtid is served at {_address(port)}. Ctrl-C stops it.")
    print(f"Its data: {environment['HEMTID_DATABASE_URL']}; what it logs: {STATE / 'server.log'}")
    sys.stdout.flush()
    return server.wait()


def demo(port: int, arguments: Sequence[str]) -> int:
    """The demo was played against the server on `port`, else against one of its own with an empty database."""
    ready(development=False)
    if _is_ours(port):
        return _play(environment_for(port, None), port, arguments)
    with tempfile.TemporaryDirectory(prefix="hemtid-demo-") as folder:
        own_port = _free_port()
        environment = environment_for(own_port, f"sqlite:///{folder}/hemtid.sqlite3")
        if not _flask(environment, "migrate"):
            return 1
        with _serving(environment, own_port, Path(folder) / "server.log"):
            return _play(environment, own_port, arguments)


def _play(environment: dict[str, str], port: int, arguments: Sequence[str]) -> int:
    return 0 if _flask(environment, "demo", "--base-url", _address(port), *arguments) else 1


def flask(arguments: Sequence[str]) -> int:
    """The command of the product has run here, in the environment that `run` serves from."""
    ready(development=False)
    return subprocess.run([*FLASK, *arguments], env=environment_for(DEFAULT_PORT, None), check=False).returncode


def environment_for(port: int, database: str | None) -> dict[str, str]:
    """The variables of a development server. Those already set win; `database` wins over all."""
    subprocess.run([PYTHON, ROOT / "deploy" / "make_keys.py", KEYS], check=True)
    ours = {
        "HEMTID_DATABASE_URL": f"sqlite:///{STATE / 'hemtid.sqlite3'}",
        "HEMTID_BASE_URL": _address(port),
        "HEMTID_SIGNING_KEY_FILE": str(KEYS / "signing-key.pem"),
        "HEMTID_TAG_KEYS_FILE": str(KEYS / "tag-keys.json"),
        "HEMTID_CURSOR_KEY_FILE": str(KEYS / "cursor-key"),
        "HEMTID_SUN_KEY_FILE": str(KEYS / "sun-key"),
        "HEMTID_WEBHOOK_KEY_FILE": str(KEYS / "webhook-key"),
        "HEMTID_WEBHOOK_ALLOWED": "127.0.0.0/8, ::1",
        "HEMTID_WEBHOOK_HTTP": "true",
        "HEMTID_SEAL_KEY_FILE": str(KEYS / "seal-key.pem"),
        "HEMTID_DEMO_CLOCK": "true",
        "PYTHONPATH": str(ROOT),
        "FLASK_SKIP_DOTENV": "1",
    }
    stated = {name: value for name, value in os.environ.items() if value}
    kept = {name: value for name, value in ours.items() if name.removesuffix("_FILE") not in stated}
    chosen = {"HEMTID_DATABASE_URL": database} if database else {}
    return kept | stated | {"PYTHONPATH": str(ROOT)} | chosen


def _flask(environment: dict[str, str], *arguments: str) -> bool:
    return subprocess.run([*FLASK, *arguments], cwd=ROOT, env=environment, check=False).returncode == 0


@contextmanager
def _serving(environment: dict[str, str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers on `port`; Ctrl-C and SIGTERM leave the block, and leaving the block stops it.

    What it says goes to `log`, which begins anew.
    """
    command = [
        str(PYTHON),
        "-m",
        "gunicorn",
        "--config",
        str(ROOT / "deploy" / "gunicorn.conf.py"),
        "--chdir",
        str(ROOT),
    ]
    options = ["--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with log.open("wb") as said:
        # Safe here: this process has one thread.
        server = subprocess.Popen(
            [*command, *options],
            env=environment,
            stdout=said,
            stderr=said,
            preexec_fn=_end_with_parent,  # noqa: PLW1509
        )
        try:
            _wait_for(server, port, log)
            yield server
        finally:
            _stop(server)


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOPS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _end_with_parent() -> None:
    """On Linux the server gets SIGTERM when this process is gone, even if it was killed outright."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    begun = time.monotonic()
    while time.monotonic() - begun < STARTS_WITHIN_SECONDS:
        if server.poll() is not None:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
            raise Missing(
                f"{last}\nThe server ended before it answered (exit {server.returncode}; its last words above)."
            )
        if _is_ours(port):
            return
        time.sleep(0.1)
    raise Missing(f"The server did not answer on port {port} within {STARTS_WITHIN_SECONDS} s.")


def _is_ours(port: int) -> bool:
    """Whether it is Hemtid that answers on the port of this machine."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{_address(port)}/healthz", timeout=2) as answer:
            read = json.load(answer)
    except (OSError, ValueError):
        return False
    return isinstance(read, dict) and read.get("product") == "hemtid"


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as fault:
            taken = "Hemtid is already served" if _is_ours(port) else f"Something else answers ({fault.strerror})"
            raise Missing(f"{taken} on port {port}. Try: python3 deploy/dev.py run --port {_free_port()}") from fault


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"
