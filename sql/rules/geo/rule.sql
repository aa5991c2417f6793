-- Geographic anomaly: an account in at least :min_countries countries within one half hour.
INSERT INTO `sentinel.aml_alerts` (
  `key`, alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
  transaction_count, total_amount, currency, severity, evidence, detail
)
WITH candidate AS (
  SELECT
    account_id,
    customer_id,
    event_id,
    event_time,
    currency,
    country,
    fact,
    CAST(amount AS DECIMAL(18, 2)) AS amount
  FROM judged_transactions
  WHERE violation IS NULL
),
windowed AS (
  SELECT
    account_id,
    MAX(customer_id) AS customer_id,
    window_start,
    window_end,
    window_time,
    COUNT(*) AS transaction_count,
    COUNT(DISTINCT country) AS country_count,
    SUM(amount) AS total_amount,
    MIN(currency) AS first_currency,
    MAX(currency) AS last_currency,
    ARRAY_AGG(event_id) AS event_ids,
    ARRAY_AGG(fact) AS facts
  FROM TABLE(TUMBLE(TABLE candidate, DESCRIPTOR(event_time), :window))
  GROUP BY account_id, window_start, window_end, window_time
)
SELECT
  CAST(account_id AS BYTES) AS `key`,
  SHA256(CONCAT_WS('|', :rule_id, account_id, DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS'))) AS alert_id,
  :rule_id AS rule_id,
  :rule_version AS rule_version,
  :typology AS typology,
  account_id,
  customer_id,
  CAST(window_start AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(window_end AS TIMESTAMP_LTZ(3)) AS window_end,
  window_time AS detected_at,
  transaction_count,
  CASE WHEN first_currency = last_currency THEN CAST(total_amount AS DECIMAL(18, 2)) END AS total_amount,
  CASE WHEN first_currency = last_currency THEN first_currency END AS currency,
  CASE WHEN country_count >= :critical_countries THEN 'CRITICAL' ELSE 'HIGH' END AS severity,
  ARRAY_SLICE(ARRAY_SORT(event_ids), 1, 50) AS evidence,
  JSON_OBJECT(
    'country_count' VALUE country_count,
    'min_countries' VALUE :min_countries,
    'evidence' VALUE ARRAY_JOIN(ARRAY_SLICE(ARRAY_SORT(facts), 1, 50), '; ')
  ) AS detail
FROM windowed
WHERE
  country_count >= :min_countries
  AND window_time >= :starts_at
