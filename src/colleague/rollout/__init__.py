"""The programme: from twenty seats to five thousand, phase by phase, on evidence (requirements.md: PP, PH, CH, AD)."""
