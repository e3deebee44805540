"""Which models may think for whom: providers and papers, routes, prices, usage, ceilings; and the one door to them."""
