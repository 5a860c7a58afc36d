"""`python -m lcscale`: the command line."""

from lcscale.cli import main

main()
