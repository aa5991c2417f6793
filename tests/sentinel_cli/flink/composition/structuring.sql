INSERT INTO `sentinel.aml_alerts`
 (`key`, alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
  transaction_count, total_amount, severity, evidence, detail)
WITH candidate AS (
  SELECT account_id, customer_id, event_id, event_time, CAST(amount AS DECIMAL(18, 2)) AS amount
  FROM `sentinel.transactions_raw`
  WHERE transaction_type IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL', 'EFT') AND currency = 'USD'),
windowed AS (
  SELECT account_id, MAX(customer_id) AS customer_id, window_start, window_end, window_time, COUNT(*) AS transaction_count,
    COUNT(*) FILTER (WHERE amount < 10000.00) AS below_count, SUM(amount) AS total_amount, ARRAY_AGG(event_id) AS event_ids
  FROM TABLE(TUMBLE(TABLE candidate, DESCRIPTOR(event_time), INTERVAL '60' MINUTE))
  GROUP BY account_id, window_start, window_end, window_time)
SELECT CAST(account_id AS BYTES),
  SHA256(CONCAT_WS('|', 'structuring', account_id, DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS'))),
  'structuring', 'v1', 'structuring', account_id, customer_id,
  CAST(window_start AS TIMESTAMP_LTZ(3)), CAST(window_end AS TIMESTAMP_LTZ(3)), window_time,
  transaction_count, CAST(total_amount AS DECIMAL(18, 2)), CASE WHEN total_amount >= 50000.00 THEN 'CRITICAL' ELSE 'HIGH' END,
  ARRAY_SLICE(ARRAY_SORT(event_ids), 1, 50), JSON_OBJECT('below_count' VALUE below_count)
FROM windowed
WHERE transaction_count >= 5 AND below_count >= 4 AND total_amount >= 30000.00
