-- Read committed: an aborted answer of a model does not come again word for word.
ALTER TABLE `sentinel.aml_alerts_enriched` SET (
  'kafka.consumer.isolation-level' = 'read-committed',
  'scan.startup.mode' = 'earliest-offset'
)
