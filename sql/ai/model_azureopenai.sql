CREATE MODEL IF NOT EXISTS :model_object
INPUT (`prompt` STRING)
OUTPUT (`response` STRING)
WITH (
  'provider' = 'azureopenai',
  'task' = 'text_generation',
  'azureopenai.connection' = :connection,
  'azureopenai.PARAMS.max_completion_tokens' = :max_completion_tokens_text
)
