"""``python -m skhpo`` is the command line."""

from skhpo.cli import main

if __name__ == "__main__":
    main(prog_name="python -m skhpo")
