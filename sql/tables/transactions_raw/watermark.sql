-- A transaction dated further ahead of its arrival than :max_ahead does not move the watermark: epoch 0 is behind all.
ALTER TABLE `sentinel.transactions_raw` MODIFY WATERMARK FOR `event_time` AS
CASE
  WHEN `event_time` > `$rowtime` + :max_ahead THEN TO_TIMESTAMP_LTZ(0, 3)
  ELSE `event_time` - :watermark_delay
END
