-- A paragraph for the analyst on each alert; every alert comes out, with or without one.
INSERT INTO `sentinel.aml_alerts_enriched` (
  `key`, alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
  transaction_count, total_amount, currency, severity, evidence, detail, summary, model, prompt_version, status
)
WITH prompted AS (
  SELECT
    *,
    CONCAT(
      :enrichment_prompt,
      'Typology: ', typology,
      '. Severity: ', severity,
      '. From ', DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS'),
      ' to ', DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS'),
      '. Transactions: ', CAST(transaction_count AS STRING),
      '. Total: ', COALESCE(CAST(total_amount AS STRING), 'in several currencies'),
      '. Figures and evidence: ', detail
    ) AS prompt
  FROM TABLE(TO_CHANGELOG(TABLE first_seen_alerts))
  WHERE op = 'INSERT' AND detected_at >= :starts_at
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
  CASE WHEN COALESCE(TRIM(r.summary), '') = '' THEN 'MISSING' ELSE 'OK' END AS status
FROM prompted AS p
LEFT JOIN LATERAL TABLE(ML_PREDICT(:model_name, p.prompt)) AS r(summary) ON TRUE
