CREATE MODEL IF NOT EXISTS :model_object
INPUT (`prompt` STRING)
OUTPUT (`response` STRING)
WITH (
  'provider' = 'bedrock',
  'task' = 'text_generation',
  'bedrock.connection' = :connection,
  'bedrock.input_format' = 'ANTHROPIC-MESSAGES',
  'bedrock.PARAMS.max_tokens' = :max_completion_tokens_text
)
