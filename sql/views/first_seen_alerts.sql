-- The first of each alert by arrival: immediate, and no alert waits for a later one.
SELECT *
FROM (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY alert_id ORDER BY alert_id ASC) AS row_num
  FROM `sentinel.aml_alerts`
)
WHERE row_num = 1
