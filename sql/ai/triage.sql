-- The agent's disposition of each alert, read field by field. Whatever the answer, the alert comes out; what is missing
-- or malformed is a REVIEW, never a DISMISS, and never lowers an ESCALATE; the guard outranks the agent.
INSERT INTO `sentinel.alert_dispositions` (
  `key`, alert_id, account_id, decision, agent_decision, priority, sar_recommended, recommended_action, rationale,
  model, prompt_version, agent_status, guard, raw_response
)
WITH seen AS (
  SELECT
    *,
    :evidence_facts AS evidence_facts,
    DATE_FORMAT(detected_at, 'yyyy-MM') AS detected_in
  FROM TABLE(TO_CHANGELOG(TABLE first_seen_enriched))
  WHERE op = 'INSERT'
),
-- The first alert of a typology on an account in each calendar month, by arrival: no alert waits for another.
first_of_month AS (
  SELECT *
  FROM (
    SELECT
      account_id,
      typology,
      detected_in,
      window_start,
      window_end,
      ROW_NUMBER() OVER (
        PARTITION BY account_id, typology, detected_in ORDER BY account_id ASC, typology ASC, detected_in ASC
      ) AS row_num
    FROM seen
  )
  WHERE row_num = 1
),
-- Each alert beside that first one, which may be itself; of the same events there may be alerts of two rules.
-- A tumbling window ends where the next one starts, which is no event of it.
compared AS (
  SELECT
    s.*,
    (
      (f.window_end <= s.window_start AND f.window_start < s.window_start)
      OR (s.window_end <= f.window_start AND s.window_start < f.window_start)
    ) AS is_repeat
  FROM seen AS s
  INNER JOIN TABLE(TO_CHANGELOG(TABLE first_of_month)) AS f
    ON s.account_id = f.account_id AND s.typology = f.typology AND s.detected_in = f.detected_in
  WHERE f.op = 'INSERT' AND s.detected_at >= :starts_at
),
told AS (
  SELECT
    *,
    :alert_facts AS facts
  FROM compared
),
asked AS (
  SELECT
    *,
    CONCAT_WS(
      '
',
      facts,
      CONCAT('Summary: ', COALESCE(summary, 'none'))
    ) AS prompt
  FROM told
),
answered AS (
  SELECT
    a.alert_id,
    a.account_id,
    a.severity,
    a.total_amount,
    a.currency,
    a.status,
    a.summary,
    a.is_repeat,
    a.facts,
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
    -- More than one object, or a key twice or in escapes, has no one meaning: which a parser takes is its own affair.
    COALESCE(
      REGEXP(body, '(?s)\{.*\{')
      OR REGEXP(body, '(?is)decision"\s*:.*decision"\s*:')
      OR REGEXP(body, '(?s)"priority"\s*:.*"priority"\s*:')
      OR REGEXP(body, '(?s)"sar_recommended"\s*:.*"sar_recommended"\s*:')
      OR REGEXP(body, '(?s)"recommended_action"\s*:.*"recommended_action"\s*:')
      OR REGEXP(body, '(?s)"rationale"\s*:.*"rationale"\s*:')
      OR REGEXP(body, '\\u00[4-7]'), FALSE
    ) AS is_ambiguous
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
cited AS (
  SELECT
    *,
    -- Of a sound answer a value says it, under any key, or the words around it; of a broken one whatever is left of it.
    COALESCE(
      REGEXP(raw_response, '(?i)"\s*:\s*"\s*escalate\s*"')
      OR REGEXP(
        CASE
          WHEN agent_status <> 'OK' THEN raw_response
          ELSE CONCAT(REGEXP_EXTRACT(raw_response, '^([^{]*)', 1), ' ', REGEXP_EXTRACT(raw_response, '\}([^}]*)\z', 1))
        END,
        '(?i)decision(?:\W|is|was|be|must|should|remains|stays){0,12}escalate(?:[^a-z]|\z)'
      ), FALSE
    ) AS says_escalate,
    REGEXP_EXTRACT_ALL(rationale_said, '(?:^|[^A-Za-z0-9_])(E[0-9]+)', 1) AS cited_evidence,
    REGEXP_EXTRACT_ALL(facts, '(?m)^(E[0-9]+) ', 1) AS present_evidence
  FROM judged
),
-- The first rule that outranks the agent; a sound ESCALATE or REVIEW stands as it is.
guarded AS (
  SELECT
    *,
    CASE
      WHEN said = 'ESCALATE' OR says_escalate THEN CAST(NULL AS STRING)
      WHEN agent_status <> 'OK' THEN agent_status
      WHEN said <> 'DISMISS' THEN CAST(NULL AS STRING)
      WHEN
        CASE severity
          WHEN 'LOW' THEN FALSE
          WHEN 'MEDIUM' THEN :never_dismiss_severity = 'MEDIUM'
          WHEN 'HIGH' THEN :never_dismiss_severity <> 'CRITICAL'
          ELSE TRUE
        END
        THEN 'SEVERITY'
      WHEN total_amount >= :never_dismiss_total THEN 'TOTAL'
      -- No one sum to compare: a transaction in another currency must not lift the limit.
      WHEN total_amount IS NULL OR COALESCE(currency, '') <> :never_dismiss_currency THEN 'TOTAL_UNKNOWN'
      WHEN is_repeat THEN 'REPEAT'
      WHEN sar_said = 'true' THEN 'SAR_RECOMMENDED'
      -- What is to be closed is not to be looked at now, today or this week.
      WHEN priority_said < 4 THEN 'URGENT'
      -- A refusal in words cites nothing.
      WHEN status <> 'OK' OR NOT COALESCE(REGEXP(summary, '(?:^|[^A-Za-z0-9_])E[0-9]'), FALSE) THEN 'NO_SUMMARY'
      WHEN CARDINALITY(cited_evidence) = 0 THEN 'NO_EVIDENCE_CITED'
      WHEN CARDINALITY(ARRAY_EXCEPT(cited_evidence, present_evidence)) > 0 THEN 'EVIDENCE_NOT_PRESENT'
      -- Two numbers of 64 hex digits are ordered as their texts are.
      WHEN SHA256(alert_id) < :quality_control_below THEN 'QUALITY_CONTROL'
    END AS guard
  FROM cited
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
