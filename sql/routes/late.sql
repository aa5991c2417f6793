-- Every row that arrives behind the watermark; a rolling rule may still have counted it.
INSERT INTO `sentinel.transactions_late` (
  `key`, event_id, account_id, customer_id, amount, currency, transaction_type, direction, country, counterparty_id,
  event_time, watermark_at
)
SELECT
  CAST(account_id AS BYTES) AS `key`,
  event_id,
  account_id,
  customer_id,
  amount,
  currency,
  transaction_type,
  direction,
  country,
  counterparty_id,
  event_time,
  CURRENT_WATERMARK(event_time) AS watermark_at
FROM `sentinel.transactions_raw`
WHERE event_time <= CURRENT_WATERMARK(event_time) AND `$rowtime` >= :starts_at
