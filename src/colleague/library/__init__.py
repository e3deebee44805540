"""Document sets: files of projects and granted places, searched with the permissions of their source."""
