"""How good the triage is: labelled alerts, the answers to them, and what they say of whoever answers."""
