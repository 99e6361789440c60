"""The images, built and run as a cluster would: read-only, as nobody in particular, with no capability."""
