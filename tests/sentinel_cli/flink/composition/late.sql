INSERT INTO `sentinel.transactions_late` (`key`, event_id, account_id, event_time, watermark_at)
SELECT CAST(account_id AS BYTES), event_id, account_id, event_time, CURRENT_WATERMARK(event_time)
FROM `sentinel.transactions_raw` WHERE event_time <= CURRENT_WATERMARK(event_time)
