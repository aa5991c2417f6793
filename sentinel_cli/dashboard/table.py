"""The table of alerts: rows come and go, the chosen one stays chosen."""

from collections.abc import Sequence

from rich.text import Text
from textual.binding import Binding
from textual.widgets import DataTable

from sentinel_cli.dashboard.board import Case
from sentinel_cli.dashboard.columns import COLUMNS


class AlertTable(DataTable[Text]):
    """One row a case. The first row is chosen, whatever it holds, until the user moves to another."""

    BINDINGS = [Binding("home", "scroll_top", show=False)]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)
        self._cases: dict[str, Case] = {}
        self._kept: str | None = None
        """The alert that the user has moved to."""
        self._cells: dict[str, list[Text]] = {}

    def on_mount(self) -> None:
        """Make the columns."""
        for column in COLUMNS:
            self.add_column(Text(column.name), width=column.width, key=column.name)

    @property
    def chosen(self) -> Case | None:
        """The case under the cursor."""
        ids = list(self._cases)
        return self._cases[ids[self.cursor_row]] if self.cursor_row < len(ids) else None

    def on_data_table_row_highlighted(self) -> None:
        """Keep to the alert that the user has moved to; at the first row, to whatever comes first."""
        case = self.chosen
        self._kept = case.row["alert_id"] if case and self.cursor_row else None

    def show_cases(self, cases: Sequence[Case], now: float) -> None:
        """Show these cases in this order at this moment, epoch seconds."""
        self._cases = {case.row["alert_id"]: case for case in cases}
        cells = {key: [column.cell(case, now) for column in COLUMNS] for key, case in self._cases.items()}
        with self.prevent(DataTable.RowHighlighted):
            if list(cells) == list(self._cells):
                self._update(cells)
            else:
                self._rebuild(cells)
        self._cells = cells

    def _update(self, cells: dict[str, list[Text]]) -> None:
        for key, row in cells.items():
            for column, cell, old in zip(COLUMNS, row, self._cells[key], strict=True):
                if cell != old:
                    self.update_cell(key, column.name, cell)

    def _rebuild(self, cells: dict[str, list[Text]]) -> None:
        top = self.scroll_y
        self.clear()
        for key, row in cells.items():
            self.add_row(*row, key=key)
        if self._kept in cells:
            self.move_cursor(row=list(cells).index(self._kept), scroll=False)
        else:
            self._kept, top = None, 0
        self.scroll_to(y=top, animate=False, force=True)
