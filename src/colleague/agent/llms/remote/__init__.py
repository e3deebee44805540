"""Live models through pydantic-ai's model layer. Imported only when such a model is asked: the packages are large."""
