"""Money under faults: every step of a payment and a refund, with every fault."""
