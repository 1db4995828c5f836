"""Run the command line with ``python -m skhpo``."""

from skhpo.cli import main

if __name__ == "__main__":
    main(prog_name="python -m skhpo")
