"""Where a broker is; that it runs there is tested with one."""

from pathlib import Path

import pytest

from sentinel_cli.broker.local import LocalBroker
from sql.errors import UsageError


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kafka": 1}', '{"kafka": 1, "controller": 2, "other": 3}'])
def test_a_file_of_ports_that_a_full_disk_has_cut_is_one_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "places.json").write_text(text)
    with pytest.raises(UsageError, match=f"does not say where the broker is: remove {tmp_path}"):
        LocalBroker(tmp_path)
