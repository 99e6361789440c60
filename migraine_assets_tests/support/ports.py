"""Free ports for the servers of tests."""

from serving.cluster.ray_environment import free_ports


def free_port() -> int:
    """Return a port on which nothing listens and that the system does not assign to other processes."""
    [port] = free_ports(1)
    return port
