-- Every row that breaks the contract, with the field that breaks it.
INSERT INTO `sentinel.dead_letters` (`key`, reason, record, source, account_id, arrived_at)
SELECT
  CAST(account_id AS BYTES) AS `key`,
  violation AS reason,
  JSON_OBJECT(
    'event_id' VALUE event_id,
    'account_id' VALUE account_id,
    'customer_id' VALUE customer_id,
    'amount' VALUE amount,
    'currency' VALUE currency,
    'transaction_type' VALUE transaction_type,
    'direction' VALUE direction,
    'country' VALUE country,
    'counterparty_id' VALUE counterparty_id,
    'event_time' VALUE DATE_FORMAT(event_time, 'yyyy-MM-dd HH:mm:ss.SSS')
  ) AS record,
  'sentinel.transactions_raw' AS source,
  account_id,
  CAST(`$rowtime` AS TIMESTAMP_LTZ(3)) AS arrived_at
FROM judged_transactions
WHERE violation IS NOT NULL AND `$rowtime` >= :starts_at
