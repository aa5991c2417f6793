CREATE AGENT IF NOT EXISTS :agent_object
USING MODEL :model_object
USING PROMPT :triage_prompt
COMMENT 'Triages one alert to ESCALATE, REVIEW or DISMISS.'
WITH (
  'max_iterations' = '3',
  'max_consecutive_failures' = '3'
)
