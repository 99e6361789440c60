"""The images, built and run as in a cluster: read-only, with an unprivileged user and without capabilities."""
