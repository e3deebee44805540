"""Numbers and accounts that were proven to be a person's own: where Dispatch hears them and answers them."""
