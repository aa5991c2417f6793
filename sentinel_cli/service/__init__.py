"""
The pipeline as a service on one machine: transactions in, alerts, enriched alerts and dispositions out.

    detect    transactions  ->  alerts, late transactions, dead letters
    triage    committed alerts  ->  enriched alerts, dispositions

Two loops with consumer groups of their own, because a model takes seconds and must not hold up detection. Each reads,
computes, writes and commits its offsets in one Kafka transaction: what it read has been answered exactly once.
"""
