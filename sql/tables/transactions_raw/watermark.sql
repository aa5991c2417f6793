-- A transaction dated further ahead of its arrival than :max_ahead holds the watermark back instead of moving it.
ALTER TABLE `sentinel.transactions_raw` MODIFY WATERMARK FOR `event_time` AS
CASE
  WHEN `event_time` > `$rowtime` + :max_ahead THEN `$rowtime` - :max_ahead
  ELSE `event_time` - :watermark_delay
END
