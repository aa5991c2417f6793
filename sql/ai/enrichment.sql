-- A paragraph for the analyst on each alert; every alert comes out, with or without one.
INSERT INTO `sentinel.aml_alerts_enriched` (
  `key`, alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
  transaction_count, total_amount, currency, severity, evidence, detail, summary, model, prompt_version, status
)
WITH seen AS (
  SELECT
    *,
    :evidence_facts AS evidence_facts
  FROM TABLE(TO_CHANGELOG(TABLE first_seen_alerts))
  WHERE op = 'INSERT' AND detected_at >= :starts_at
),
prompted AS (
  SELECT
    *,
    CONCAT(:enrichment_prompt, :alert_facts) AS prompt
  FROM seen
)
SELECT
  CAST(p.account_id AS BYTES) AS `key`,
  p.alert_id,
  p.rule_id,
  p.rule_version,
  p.typology,
  p.account_id,
  p.customer_id,
  p.window_start,
  p.window_end,
  p.detected_at,
  p.transaction_count,
  p.total_amount,
  p.currency,
  p.severity,
  p.evidence,
  p.detail,
  r.summary,
  :model_name AS model,
  :enrichment_prompt_version AS prompt_version,
  -- Blanks that nobody sees, or braces, are no summary.
  CASE WHEN REGEXP(r.summary, '[\p{L}\p{N}]') THEN 'OK' ELSE 'MISSING' END AS status
FROM prompted AS p
LEFT JOIN LATERAL TABLE(ML_PREDICT(:model_name, p.prompt)) AS r(summary) ON TRUE
