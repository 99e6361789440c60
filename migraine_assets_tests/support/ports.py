"""Ports of this machine for the servers of tests."""

from serving.cluster.ray_environment import free_ports


def free_port() -> int:
    """One on which nobody listens, and which the system hands to nobody else."""
    [port] = free_ports(1)
    return port
