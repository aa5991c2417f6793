-- Structuring: in one hour at least :min_transactions cash or EFT transactions, at least :min_below of them below the
-- reporting threshold, together at least :min_total.
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
    fact,
    CAST(amount AS DECIMAL(18, 2)) AS amount
  FROM judged_transactions
  WHERE
    violation IS NULL
    AND transaction_type IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL', 'EFT')
    AND currency = :currency
),
windowed AS (
  SELECT
    account_id,
    MAX(customer_id) AS customer_id,
    window_start,
    window_end,
    window_time,
    COUNT(*) AS transaction_count,
    COUNT(*) FILTER (WHERE amount < :reporting_threshold) AS below_count,
    SUM(amount) AS total_amount,
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
  CAST(total_amount AS DECIMAL(18, 2)) AS total_amount,
  :currency AS currency,
  CASE WHEN total_amount >= :critical_total THEN 'CRITICAL' ELSE 'HIGH' END AS severity,
  ARRAY_SLICE(ARRAY_SORT(event_ids), 1, 50) AS evidence,
  JSON_OBJECT(
    'below_count' VALUE below_count,
    'reporting_threshold' VALUE CAST(:reporting_threshold AS STRING),
    'min_transactions' VALUE :min_transactions,
    'min_below' VALUE :min_below,
    'min_total' VALUE CAST(:min_total AS STRING),
    'evidence' VALUE ARRAY_JOIN(ARRAY_SLICE(ARRAY_SORT(facts), 1, 50), '; ')
  ) AS detail
FROM windowed
WHERE
  transaction_count >= :min_transactions
  AND below_count >= :min_below
  AND total_amount >= :min_total
  AND window_time >= :starts_at
