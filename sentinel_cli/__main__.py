"""`python -m sentinel_cli` is `sentinel`."""

from sentinel_cli.main import main

if __name__ == "__main__":
    main()
