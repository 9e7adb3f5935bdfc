"""Runs, tests and shows the product from a checkout; needs only Python 3.11 or newer.

An older interpreter must be able to read this file, to be told so in one line: the commands are in dev_commands.py.
"""

import sys

if sys.version_info < (3, 11):
    old = "Hemtid needs Python 3.11 or newer; this is {}.{}. Try: python3.12 deploy/dev.py"
    sys.exit(old.format(*sys.version_info))

from dev_commands import main

if __name__ == "__main__":
    sys.exit(main())
