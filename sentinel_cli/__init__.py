"""The `sentinel` command: produces, replays and reads the streams."""
