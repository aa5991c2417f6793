"""`sentinel preview-report`."""

import typer

from sentinel_cli.options import FailOn, PreviewFile


def preview_report(preview: PreviewFile, fail_on: FailOn = None) -> None:
    """
    Write a reviewer's report on a preview of the stack, as Markdown.

    FILE is what `pulumi preview --json --show-sames` wrote; it needs no account and no checkout. With --fail-on it
    exits 1, after the report, where the preview holds what is named.
    """
    import sys

    from sentinel_cli.preview.changes import read_changes
    from sentinel_cli.preview.digest import read_digest
    from sentinel_cli.preview.gates import refusals
    from sentinel_cli.preview.markdown import report
    from sentinel_cli.preview.statements import read_statements

    changes = read_changes(read_digest(preview))
    statements = read_statements(changes)
    sys.stdout.write(report(changes, statements))
    sys.stdout.flush()
    reasons = refusals(fail_on or [], changes, statements)
    for reason in reasons:
        print(f"sentinel: refused by --fail-on {reason}", file=sys.stderr)
    if reasons:
        raise typer.Exit(1)
