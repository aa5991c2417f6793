"""What `sentinel sar draft` says: paths on stdout, what is left to do on stderr."""

import re
import sys

from sentinel_cli.case_view import plain
from sentinel_cli.sar.draft import Request, write_draft
from sql.errors import UsageError


def run(request: Request) -> None:
    """Write the draft and say where it is; UsageError where the id is none."""
    if not re.fullmatch("[0-9a-f]{64}", request.alert_id):
        raise UsageError("ALERT_ID is the whole id of an alert: 64 hexadecimal digits in small letters.")
    draft = write_draft(request)
    for path in draft.files:
        print(path)
    sys.stdout.flush()
    print("sentinel: a DRAFT, not reviewed, not filed, and confidential (31 U.S.C. 5318(g)(2))", file=sys.stderr)
    if row := draft.dismissed:
        who, when = plain(row["decided_by"]), f"{row['decided_at']:%Y-%m-%d %H:%M:%S} UTC"
        print(f"sentinel: {who} DISMISSED this alert, {when}: it is drafted all the same", file=sys.stderr)
    for gap in draft.gaps:
        print(f"sentinel: {gap.state}: {gap.part}, {gap.field}", file=sys.stderr)
