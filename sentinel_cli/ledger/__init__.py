"""The ledger: every decision made here, in a file that can only grow and shows where it was tampered with."""
