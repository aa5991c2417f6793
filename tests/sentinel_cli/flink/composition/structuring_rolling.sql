INSERT INTO `sentinel.aml_alerts`
 (`key`, alert_id, rule_id, rule_version, typology, account_id, customer_id, window_start, window_end, detected_at,
  transaction_count, total_amount, severity, evidence, detail)
WITH candidate AS (
  SELECT account_id, customer_id, event_id, event_time, CAST(amount AS DECIMAL(18, 2)) AS amount
  FROM `sentinel.transactions_raw`
  WHERE transaction_type IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL', 'EFT') AND currency = 'USD'),
scored AS (
  SELECT account_id, customer_id, event_id, event_time, COUNT(*) OVER w AS transaction_count,
    SUM(CASE WHEN amount < 10000.00 THEN 1 ELSE 0 END) OVER w AS below_count, SUM(amount) OVER w AS total_amount,
    MIN(event_time) OVER w AS first_at, ARRAY_AGG(event_id) OVER w AS event_ids
  FROM candidate
  WINDOW w AS (PARTITION BY account_id ORDER BY event_time RANGE BETWEEN INTERVAL '60' MINUTE PRECEDING AND CURRENT ROW)),
hits AS (
  SELECT *, CASE WHEN transaction_count >= 5 AND below_count >= 4 AND total_amount >= 30000.00
                 THEN CONCAT(DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'), '|', event_id) END AS hit
  FROM scored),
onset AS (
  SELECT *, MIN(hit) OVER (PARTITION BY account_id ORDER BY event_time RANGE BETWEEN INTERVAL '60' MINUTE PRECEDING AND CURRENT ROW) AS first_hit
  FROM hits)
SELECT CAST(account_id AS BYTES),
  SHA256(CONCAT_WS('|', 'structuring_rolling', account_id, DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'))),
  'structuring_rolling', 'v1', 'structuring', account_id, customer_id,
  first_at, CAST(event_time AS TIMESTAMP_LTZ(3)), event_time,
  transaction_count, CAST(total_amount AS DECIMAL(18, 2)), CASE WHEN total_amount >= 50000.00 THEN 'CRITICAL' ELSE 'HIGH' END,
  ARRAY_SLICE(ARRAY_SORT(event_ids), 1, 50), JSON_OBJECT('below_count' VALUE below_count)
FROM onset WHERE hit = first_hit
