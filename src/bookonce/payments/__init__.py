"""Deposits: pay, settle, refund, reconcile, and the ledger."""
