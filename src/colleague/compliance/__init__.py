"""What the law asks of the house: legal holds, how long things are kept, and the proof that they went."""
