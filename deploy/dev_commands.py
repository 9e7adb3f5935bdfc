"""The commands of dev.py and what they take."""

from __future__ import annotations

import argparse
import sys

import dev_checks
import dev_server
import dev_venv

WHAT_IT_DOES = "Runs, tests and shows the product from a checkout; needs only Python 3.11 or newer."


def main() -> int | str:
    """The command has run; the answer is its exit code, or the line that says what is missing."""
    try:
        return _run_command()
    except dev_venv.Missing as missing:
        return str(missing)
    except KeyboardInterrupt:
        return 130


def _run_command() -> int:
    if sys.argv[1:2] == ["flask"]:
        return dev_server.flask(sys.argv[2:])
    known, rest = _parser().parse_known_args()
    rest = [argument for argument in rest if argument != "--"]
    match known.command:
        case "run" if not rest:
            return dev_server.run(known.port, known.database)
        case "test":
            return dev_checks.test(known.full, rest)
        case "demo":
            return dev_server.demo(known.port, rest)
        case "venv" if not rest:
            dev_venv.ready(development=True)
            print(f"{dev_venv.VENV} is up to date.")
            return 0
    return _parser().error(f"{known.command} does not take {' '.join(rest)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy/dev.py", description=WHAT_IT_DOES, allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="serve the product on this machine, with the demo loaded")
    run.add_argument("--database", metavar="URL", help="another database than .hemtid/hemtid.sqlite3")
    test = commands.add_parser("test", help="run every check; what it does not know goes to pytest")
    test.add_argument("--full", action="store_true", help="properties, races and drills at their full counts")
    commands.add_parser("flask", help="run a command of the product, such as: flask migrate")
    demo = commands.add_parser("demo", help="play the demo's day against a running or an own server", add_help=False)
    commands.add_parser("venv", help="only make the virtual environment, with the tools for development")
    for command in (run, demo):
        command.add_argument(
            "--port", type=int, default=dev_server.DEFAULT_PORT, help="on 127.0.0.1 (default: %(default)s)"
        )
    return parser
