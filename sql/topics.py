"""Names of the pipeline's topics, which are those of its tables: `sentinel.<folder under sql/tables>`."""

RAW = "sentinel.transactions_raw"
ALERTS = "sentinel.aml_alerts"
ENRICHED = "sentinel.aml_alerts_enriched"
DISPOSITIONS = "sentinel.alert_dispositions"
ANALYST_DECISIONS = "sentinel.analyst_decisions"
LATE = "sentinel.transactions_late"
DEAD_LETTERS = "sentinel.dead_letters"
