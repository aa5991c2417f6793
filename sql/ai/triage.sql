-- The agent's disposition of each alert, read field by field. Whatever the answer, the alert comes out; what is missing
-- or malformed is a REVIEW, never a DISMISS, and never lowers an ESCALATE; the guard outranks the agent.
INSERT INTO `sentinel.alert_dispositions` (
  `key`, alert_id, account_id, decision, agent_decision, priority, sar_recommended, recommended_action, rationale,
  model, prompt_version, agent_status, guard, raw_response
)
WITH seen AS (
  SELECT
    *,
    JSON_VALUE(detail, '$.evidence') AS facts
  FROM TABLE(TO_CHANGELOG(TABLE first_seen_enriched))
  WHERE op = 'INSERT' AND detected_at >= :starts_at
),
asked AS (
  SELECT
    *,
    CONCAT_WS(
      '
',
      CONCAT('Typology: ', typology),
      CONCAT('Severity: ', severity),
      CONCAT('Transactions: ', CAST(transaction_count AS STRING)),
      CONCAT('Total: ', COALESCE(CAST(total_amount AS STRING), 'in several currencies')),
      CONCAT('E1 ', SPLIT_INDEX(facts, '; ', 0)),
      CONCAT('E2 ', SPLIT_INDEX(facts, '; ', 1)),
      CONCAT('E3 ', SPLIT_INDEX(facts, '; ', 2)),
      CONCAT('E4 ', SPLIT_INDEX(facts, '; ', 3)),
      CONCAT('E5 ', SPLIT_INDEX(facts, '; ', 4)),
      CONCAT('E6 ', SPLIT_INDEX(facts, '; ', 5)),
      CONCAT('E7 ', SPLIT_INDEX(facts, '; ', 6)),
      CONCAT('E8 ', SPLIT_INDEX(facts, '; ', 7)),
      CONCAT('E9 ', SPLIT_INDEX(facts, '; ', 8)),
      CONCAT('E10 ', SPLIT_INDEX(facts, '; ', 9)),
      CONCAT('E11 ', SPLIT_INDEX(facts, '; ', 10)),
      CONCAT('E12 ', SPLIT_INDEX(facts, '; ', 11)),
      CONCAT('E13 ', SPLIT_INDEX(facts, '; ', 12)),
      CONCAT('E14 ', SPLIT_INDEX(facts, '; ', 13)),
      CONCAT('E15 ', SPLIT_INDEX(facts, '; ', 14)),
      CONCAT('E16 ', SPLIT_INDEX(facts, '; ', 15)),
      CONCAT('E17 ', SPLIT_INDEX(facts, '; ', 16)),
      CONCAT('E18 ', SPLIT_INDEX(facts, '; ', 17)),
      CONCAT('E19 ', SPLIT_INDEX(facts, '; ', 18)),
      CONCAT('E20 ', SPLIT_INDEX(facts, '; ', 19)),
      CONCAT('Summary: ', COALESCE(summary, 'none'))
    ) AS prompt
  FROM seen
),
answered AS (
  SELECT
    a.alert_id,
    a.account_id,
    a.severity,
    a.total_amount,
    a.status,
    r.agent_call_status,
    r.agent_response AS raw_response,
    REGEXP_EXTRACT(r.agent_response, '(?s)(\{.*\})', 1) AS body
  FROM asked AS a
  LEFT JOIN
    LATERAL TABLE(AI_RUN_AGENT(:agent_name, a.prompt, a.alert_id)) AS r(agent_call_status, agent_response)
    ON TRUE
),
parsed AS (
  SELECT
    *,
    UPPER(TRIM(JSON_VALUE(body, '$.decision'))) AS said,
    CAST(REGEXP_EXTRACT(JSON_VALUE(body, '$.priority'), '^([1-5])\z', 1) AS BIGINT) AS priority_said,
    LOWER(JSON_VALUE(body, '$.sar_recommended')) AS sar_said,
    JSON_VALUE(body, '$.recommended_action') AS action_said,
    JSON_VALUE(body, '$.rationale') AS rationale_said,
    -- A key given twice, in its own letters or in escapes, has no one value: which a parser takes is its own affair.
    COALESCE(REGEXP(body, '(?s)"decision"\s*:.*"decision"\s*:'), FALSE)
    OR COALESCE(REGEXP(body, '\\u00[4-7]'), FALSE) AS is_ambiguous,
    COALESCE(REGEXP(raw_response, '(?i)"decision"\s*:\s*"\s*escalate\s*"'), FALSE) AS says_escalate
  FROM answered
),
judged AS (
  SELECT
    *,
    CASE
      WHEN agent_call_status IS NULL THEN 'NO_ANSWER'
      WHEN agent_call_status <> 'SUCCESS' OR raw_response IS NULL THEN 'FAILED'
      WHEN
        is_ambiguous
        OR said IS NULL
        OR said NOT IN ('ESCALATE', 'REVIEW', 'DISMISS')
        OR priority_said IS NULL
        OR sar_said IS NULL
        OR sar_said NOT IN ('true', 'false')
        OR action_said IS NULL
        OR rationale_said IS NULL
        THEN 'MALFORMED'
      ELSE 'OK'
    END AS agent_status
  FROM parsed
),
guarded AS (
  SELECT
    *,
    CASE
      WHEN said = 'ESCALATE' OR says_escalate THEN CAST(NULL AS STRING)
      WHEN agent_status <> 'OK' THEN agent_status
      WHEN said = 'DISMISS' AND severity = 'CRITICAL' THEN 'CRITICAL_SEVERITY'
      WHEN said = 'DISMISS' AND total_amount >= :never_dismiss_total THEN 'TOTAL'
      WHEN said = 'DISMISS' AND status <> 'OK' THEN 'NO_SUMMARY'
      WHEN said = 'DISMISS' AND NOT REGEXP(rationale_said, '\bE[1-9][0-9]*\b') THEN 'NO_EVIDENCE_CITED'
    END AS guard
  FROM judged
)
SELECT
  CAST(account_id AS BYTES) AS `key`,
  alert_id,
  account_id,
  CASE
    WHEN said = 'ESCALATE' OR says_escalate THEN 'ESCALATE'
    WHEN guard IS NULL THEN said
    ELSE 'REVIEW'
  END AS decision,
  CASE WHEN said IN ('ESCALATE', 'REVIEW', 'DISMISS') THEN said END AS agent_decision,
  COALESCE(priority_said, 3) AS priority,
  COALESCE(sar_said = 'true', FALSE) AS sar_recommended,
  action_said AS recommended_action,
  rationale_said AS rationale,
  :agent_name AS model,
  :triage_prompt_version AS prompt_version,
  agent_status,
  guard,
  raw_response
FROM guarded
