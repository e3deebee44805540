"""Champions: two or three in each department, chosen by people from real use, with a direct line and a list to help."""
