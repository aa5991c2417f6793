INSERT INTO `sentinel.aml_alerts_enriched`
 (`key`, alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
  transaction_count, total_amount, severity, evidence, detail, summary, model, prompt_version, status)
WITH first_seen AS (
  SELECT alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
    transaction_count, total_amount, severity, evidence, detail
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY alert_id ORDER BY alert_id ASC) AS row_num FROM `sentinel.aml_alerts`)
  WHERE row_num = 1),
prompted AS (
  SELECT *, CONCAT('typology ', typology, '; transactions ', CAST(transaction_count AS STRING),
                   '; total ', CAST(total_amount AS STRING), '; detail ', COALESCE(detail, '{}')) AS prompt
  FROM TABLE(TO_CHANGELOG(TABLE first_seen)) WHERE op = 'INSERT')
SELECT CAST(p.account_id AS BYTES), p.alert_id, p.rule_id, p.rule_version, p.typology, p.account_id, p.customer_id,
  p.window_start, p.window_end, p.detected_at, p.transaction_count, p.total_amount, p.severity, p.evidence, p.detail,
  r.summary, 'sentinel_explainer_1a2b3c4d', '1a2b3c4d', CASE WHEN COALESCE(TRIM(r.summary), '') = '' THEN 'MISSING' ELSE 'OK' END
FROM prompted AS p
LEFT JOIN LATERAL TABLE(ML_PREDICT('sentinel_explainer_1a2b3c4d', p.prompt)) AS r(summary) ON TRUE
