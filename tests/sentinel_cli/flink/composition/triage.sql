INSERT INTO `sentinel.alert_dispositions`
 (`key`, alert_id, account_id, decision, agent_decision, priority, sar_recommended, recommended_action, rationale,
  model, prompt_version, agent_status, guard, raw_response)
WITH first_seen AS (
  SELECT alert_id, account_id, typology, severity, total_amount, summary
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY alert_id ORDER BY alert_id ASC) AS row_num FROM `sentinel.aml_alerts_enriched`)
  WHERE row_num = 1),
asked AS (
  SELECT *, CONCAT('severity ', severity, '; summary: ', COALESCE(summary, 'none')) AS prompt
  FROM TABLE(TO_CHANGELOG(TABLE first_seen)) WHERE op = 'INSERT'),
answered AS (
  SELECT a.alert_id, a.account_id, a.severity, a.total_amount, r.status AS call_status, r.response AS raw_response,
    REGEXP_EXTRACT(r.response, '(?s)(\{.*\})', 1) AS body
  FROM asked AS a
  LEFT JOIN LATERAL TABLE(AI_RUN_AGENT('sentinel_triage_agent_5e6f7a8b', a.prompt, a.alert_id)) AS r(status, response) ON TRUE),
parsed AS (
  SELECT *,
    UPPER(TRIM(JSON_VALUE(body, '$.decision'))) AS said,
    CAST(REGEXP_EXTRACT(JSON_VALUE(body, '$.priority'), '^([1-5])$', 1) AS INT) AS priority_said,
    LOWER(JSON_VALUE(body, '$.sar_recommended')) AS sar_said,
    JSON_VALUE(body, '$.recommended_action') AS action_said,
    JSON_VALUE(body, '$.rationale') AS rationale_said
  FROM answered),
judged AS (
  SELECT *, CASE
      WHEN call_status IS NULL THEN 'NO_ANSWER'
      WHEN call_status <> 'SUCCESS' OR raw_response IS NULL THEN 'FAILED'
      WHEN said IS NULL OR said NOT IN ('ESCALATE', 'REVIEW', 'DISMISS') OR priority_said IS NULL
        OR sar_said IS NULL OR sar_said NOT IN ('true', 'false') OR rationale_said IS NULL THEN 'MALFORMED'
      ELSE 'OK' END AS agent_status
  FROM parsed),
guarded AS (
  SELECT *, CASE
      WHEN agent_status <> 'OK' THEN agent_status
      WHEN said = 'DISMISS' AND severity = 'CRITICAL' THEN 'CRITICAL_SEVERITY'
      WHEN said = 'DISMISS' AND total_amount >= 100000.00 THEN 'TOTAL'
      WHEN said = 'DISMISS' AND NOT REGEXP(rationale_said, '\bE[0-9]+\b') THEN 'NO_EVIDENCE_CITED' END AS guard
  FROM judged)
SELECT CAST(account_id AS BYTES), alert_id, account_id,
  CASE WHEN guard IS NULL THEN said ELSE 'REVIEW' END, said, COALESCE(priority_said, 3), COALESCE(sar_said = 'true', FALSE),
  action_said, rationale_said, 'sentinel_triage_agent_5e6f7a8b', '5e6f7a8b', agent_status, guard, raw_response
FROM guarded
