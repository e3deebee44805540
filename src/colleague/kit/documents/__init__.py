"""Documents of any format: read in a confined child process, written as plain files."""
