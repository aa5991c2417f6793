-- Geographic anomaly over the last half hour before each transaction.
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
scored AS (
  SELECT
    *,
    COUNT(*) OVER w AS transaction_count,
    COUNT(DISTINCT country) OVER w AS country_count,
    SUM(amount) OVER w AS total_amount,
    MIN(currency) OVER w AS first_currency,
    MAX(currency) OVER w AS last_currency,
    MIN(event_time) OVER w AS first_at,
    ARRAY_AGG(event_id) OVER w AS event_ids,
    ARRAY_AGG(fact) OVER w AS facts
  FROM candidate
  WINDOW w AS (PARTITION BY account_id ORDER BY event_time RANGE BETWEEN :window PRECEDING AND CURRENT ROW)
),
hits AS (
  SELECT
    *,
    CASE
      WHEN country_count >= :min_countries
        THEN CONCAT(DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'), '|', event_id)
    END AS hit
  FROM scored
),
-- One alert an episode: a hit with no other hit in the window before it; of several at once, the smallest event id.
onset AS (
  SELECT
    *,
    MIN(hit) OVER (
      PARTITION BY account_id ORDER BY event_time RANGE BETWEEN :window PRECEDING AND CURRENT ROW
    ) AS first_hit
  FROM hits
)
SELECT
  CAST(account_id AS BYTES) AS `key`,
  SHA256(CONCAT_WS('|', :rule_id, account_id, DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS'))) AS alert_id,
  :rule_id AS rule_id,
  :rule_version AS rule_version,
  :typology AS typology,
  account_id,
  customer_id,
  CAST(first_at AS TIMESTAMP_LTZ(3)) AS window_start,
  CAST(event_time AS TIMESTAMP_LTZ(3)) AS window_end,
  event_time AS detected_at,
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
FROM onset
WHERE hit = first_hit AND event_time >= :starts_at
