"""The readout for CIO and CFO, on one page and in full: exact numbers with their uncertainty (PP-11, KP-8, R87)."""
