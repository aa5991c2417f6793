-- A record that cannot be decoded goes to its own table: the default, fail, lets one bad record stop detection.
ALTER TABLE `sentinel.transactions_raw` SET (
  'error-handling.mode' = 'log',
  'error-handling.log.target' = 'sentinel.undecodable',
  'scan.startup.mode' = 'earliest-offset'
)
