"""``python -m topics``: the command line."""

from topics import cli

if __name__ == "__main__":
    cli.main()
