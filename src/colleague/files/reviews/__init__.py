"""What people say of outputs: reviews, second looks, categories raised, classes lowered; each bound to the bytes."""
