"""What is done once a deed is: put into the queue with it, so that it is lost with it too."""
