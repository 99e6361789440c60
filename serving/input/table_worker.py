"""The table worker: a process that decodes tables and may crash without harm to the service.

Decoders are native code that reads untrusted bytes. They run here, where a crash ends nothing else, the kernel refuses
memory beyond a budget, and processor time is limited. The worker gets neither the environment nor the open files of the
service.

Each request comes with two descriptors of shared memory: the body, and room for the answer. A request is {kind, most,
longest, columns, size}. Its answer is {rows, columns: [{name, size, words}]} or {refused, column}. The values of the
columns follow each other in the shared memory, `size` bytes each: float32 or float64 for numbers, int32 indices of
`words` for words (-1 for null), int32 days since 1970-01-01 for dates.

Not here: decoding (`serving.input.table_decoder`), the socket and the limits (`migraine_assets.worker_channel`), what
requests and answers mean (`serving.input.table_request`).
"""

import select
import socket
import sys

from migraine_assets.worker_channel import Mappings, allow_seconds, channel, confine, data_bytes, receive, send
from serving.input.table_decoder import NotAccepted, decode

# The worker releases the memory of past tables after this many seconds without a table. Until then the next one is
# decoded faster.
KEPT_SECONDS = 5.0


def _release(requests: socket.socket, mappings: Mappings, most: int) -> None:
    """Return the memory of past tables to the system: at once beyond `most` bytes, else after some idle seconds."""
    import pyarrow as pa

    idle = not select.select([requests], [], [], KEPT_SECONDS)[0]
    if idle:
        mappings.release()
    if idle or data_bytes() > most:
        pa.default_memory_pool().release_unused()


def main(budget: int, seconds: float) -> None:
    """Answer requests on standard input, a socket, until its other end is closed."""
    import pyarrow as pa
    import pyarrow.parquet

    requests = channel()
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    limit, mappings = confine(budget=budget), Mappings()
    send(requests, {"ready": True})
    try:
        while True:
            _answer_one(requests, seconds, mappings)
            _release(requests, mappings, limit - budget // 2)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _answer_one(requests: socket.socket, seconds: float, mappings: Mappings) -> None:
    request, descriptors = receive(requests)
    allow_seconds(seconds)
    body, room = mappings.of(descriptors)
    try:
        answer = decode(request, body[: request["size"]], room)
    except NotAccepted as refused:
        answer = {"refused": refused.reason, "column": refused.column}
    except MemoryError:
        answer = {"refused": "memory"}
    allow_seconds(0)
    send(requests, answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
