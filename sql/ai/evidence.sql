-- The transactions of an alert, as `fact` of judged_transactions words them, where nothing else stands among them;
-- NULL otherwise: a text that is no fact reaches no prompt. Of a code this looks at the form; the lists are in the view.
CASE
  WHEN REGEXP(
    JSON_VALUE(detail, '$.evidence'),
    '^(?:[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} (?:CASH_DEPOSIT|CASH_WITHDRAWAL|EFT|WIRE|CARD|CHECK|TRANSFER) (?:IN|OUT) [0-9]{1,16}\.[0-9]{2} (?:[A-Z]{3}|other-currency) (?:[A-Z]{2}|other-country)(?:; |\z))+\z'
  )
  AND NOT REGEXP(JSON_VALUE(detail, '$.evidence'), '; \z')
    THEN JSON_VALUE(detail, '$.evidence')
END
