"""The address of a replica's internal server: that of its node, which is 127.0.0.1 if Ray runs on one machine.

Ray opens a gRPC server in each replica for calls between deployments. It listens on all interfaces, and Ray has no
setting for its address. Not here: Ray's other sockets (`serving.cluster.ray_environment`).
"""

from typing import Any

import ray
from ray.serve._private import replica

ALL_INTERFACES = "[::]"


def listen_on_node_address() -> None:
    """Make the replica of this process listen on the address of its node. Call it before Ray starts the server."""
    # Of type Any, because neither is public.
    module: Any = replica
    utilities: Any = ray.util
    add_port, node = module.add_port_to_grpc_server, utilities.get_node_ip_address()
    host = f"[{node}]" if ":" in node else node

    def on_node(server: Any, address: str) -> int:
        return int(add_port(server, address.replace(ALL_INTERFACES, host)))

    module.add_port_to_grpc_server = on_node
