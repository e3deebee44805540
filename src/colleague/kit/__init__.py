"""The floor under everything: it knows no noun of the product."""
