-- Alerts are read before the transaction that wrote them commits, about a minute earlier; repeats have the same id and are dropped.
ALTER TABLE `sentinel.aml_alerts` SET (
  'kafka.consumer.isolation-level' = 'read-uncommitted',
  'scan.startup.mode' = 'earliest-offset'
)
