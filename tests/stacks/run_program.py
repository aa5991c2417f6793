"""
Run a Pulumi program in this process against a monitor and an engine elsewhere: `python run_program.py JSON`.

The program is a file and the name of the function in it that declares the resources.
"""

import asyncio
import json
import runpy
import sys

import pulumi
from pulumi.runtime import Settings, configure, set_all_config
from pulumi.runtime.stack import run_in_stack


def main() -> None:
    asked = json.loads(sys.argv[1])
    address = asked["address"]
    configure(
        Settings(
            project=asked["project"],
            stack=asked["stack"],
            monitor=address,
            engine=address,
            dry_run=asked["dry_run"],
            parallel=16,
            organization="organization",
        )
    )
    set_all_config(asked["config"], asked["secret_keys"])
    declare = runpy.run_path(asked["file"], run_name="program")[asked["function"]]
    try:
        asyncio.run(run_in_stack(declare))
    except pulumi.RunError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
