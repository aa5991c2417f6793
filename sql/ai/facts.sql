-- What both models are told of an alert, a line each; what is missing, or is not of its form, has no line.
-- Figures are read out of the detail by name: no text that a rule writes there gets further than its form allows.
CONCAT_WS(
  '
',
  CONCAT('Typology: ', REGEXP_EXTRACT(typology, '^([a-z]{1,20} ?[a-z]{0,20} ?[a-z]{0,20})\z', 1)),
  CONCAT('Severity: ', CASE WHEN severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL') THEN severity END),
  CONCAT('From: ', DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss.SSS')),
  CONCAT('To: ', DATE_FORMAT(window_end, 'yyyy-MM-dd HH:mm:ss.SSS')),
  CONCAT(
    'Transactions: ', CAST(transaction_count AS STRING),
    COALESCE(CONCAT('; the rule asks for at least ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.min_transactions'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1)), '')
  ),
  CONCAT(
    'Total: ', COALESCE(CAST(total_amount AS STRING), 'in several currencies'),
    -- Its currency is that of the first transaction, as of all of them.
    COALESCE(
      CONCAT(' ', CASE WHEN total_amount IS NOT NULL THEN SPLIT_INDEX(SPLIT_INDEX(evidence_facts, '; ', 0), ' ', 5) END),
      ''
    ),
    COALESCE(CONCAT('; the rule asks for at least ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.min_total'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1)), '')
  ),
  CONCAT(
    'Transactions below the reporting threshold of ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.reporting_threshold'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1),
    ': ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.below_count'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1),
    COALESCE(CONCAT('; the rule asks for at least ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.min_below'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1)), '')
  ),
  CONCAT(
    'Each one: ',
    CASE
      WHEN JSON_VALUE(detail, '$.transaction_type') IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL')
        THEN JSON_VALUE(detail, '$.transaction_type')
    END,
    ' from ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.min_amount'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1),
    ' to ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.max_amount'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1)
  ),
  CONCAT(
    'Countries: ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.country_count'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1),
    COALESCE(CONCAT('; the rule asks for at least ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.min_countries'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1)), '')
  ),
  CONCAT(
    'Usual transactions in such a window: ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.expected_count'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1),
    '; the rule asks for more than ', REGEXP_EXTRACT(JSON_VALUE(detail, '$.upper_bound'), '^(-?[0-9]{1,16}\.?[0-9]{0,2})\z', 1)
  ),
  CONCAT('E1 ', SPLIT_INDEX(evidence_facts, '; ', 0)),
  CONCAT('E2 ', SPLIT_INDEX(evidence_facts, '; ', 1)),
  CONCAT('E3 ', SPLIT_INDEX(evidence_facts, '; ', 2)),
  CONCAT('E4 ', SPLIT_INDEX(evidence_facts, '; ', 3)),
  CONCAT('E5 ', SPLIT_INDEX(evidence_facts, '; ', 4)),
  CONCAT('E6 ', SPLIT_INDEX(evidence_facts, '; ', 5)),
  CONCAT('E7 ', SPLIT_INDEX(evidence_facts, '; ', 6)),
  CONCAT('E8 ', SPLIT_INDEX(evidence_facts, '; ', 7)),
  CONCAT('E9 ', SPLIT_INDEX(evidence_facts, '; ', 8)),
  CONCAT('E10 ', SPLIT_INDEX(evidence_facts, '; ', 9)),
  CONCAT('E11 ', SPLIT_INDEX(evidence_facts, '; ', 10)),
  CONCAT('E12 ', SPLIT_INDEX(evidence_facts, '; ', 11)),
  CONCAT('E13 ', SPLIT_INDEX(evidence_facts, '; ', 12)),
  CONCAT('E14 ', SPLIT_INDEX(evidence_facts, '; ', 13)),
  CONCAT('E15 ', SPLIT_INDEX(evidence_facts, '; ', 14)),
  CONCAT('E16 ', SPLIT_INDEX(evidence_facts, '; ', 15)),
  CONCAT('E17 ', SPLIT_INDEX(evidence_facts, '; ', 16)),
  CONCAT('E18 ', SPLIT_INDEX(evidence_facts, '; ', 17)),
  CONCAT('E19 ', SPLIT_INDEX(evidence_facts, '; ', 18)),
  CONCAT('E20 ', SPLIT_INDEX(evidence_facts, '; ', 19))
)
