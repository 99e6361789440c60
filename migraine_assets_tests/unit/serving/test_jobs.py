"""Long work: bounded in number, time and bytes, and abandoned when its client leaves."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from migraine_assets_tests.support.waiting import eventually
from serving.contract.problems import Refused
from serving.jobs import BodyMemory, Check, LongJobs


async def connected() -> dict[str, Any]:
    """Wait like a client that stays connected."""
    await asyncio.Event().wait()
    return {}


class Endless:
    """A job that checks its deadline and would never end otherwise."""

    def __init__(self) -> None:
        self.started, self.ended = threading.Event(), threading.Event()

    def __call__(self, check: Check) -> bytes:
        self.started.set()
        try:
            while True:
                check()
                time.sleep(0.005)
        finally:
            self.ended.set()


@pytest.fixture
def dropped() -> Counter[str]:
    return Counter()


@pytest.fixture
def jobs(dropped: Counter[str]) -> Iterator[LongJobs]:
    opened = LongJobs(most=3, seconds=0.3, on_drop=lambda reason: dropped.update([reason]))
    yield opened
    opened.close()


def test_a_job_answers(jobs: LongJobs, dropped: Counter[str]) -> None:
    assert asyncio.run(jobs.run(lambda _: b"done", connected, large=False)) == b"done"
    assert not dropped


def test_an_error_of_a_job_is_raised(jobs: LongJobs) -> None:
    def broken(_: Check) -> bytes:
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        asyncio.run(jobs.run(broken, connected, large=False))


def test_a_job_ends_at_its_deadline(jobs: LongJobs, dropped: Counter[str]) -> None:
    job = Endless()
    with pytest.raises(Refused, match=r"within 0\.3 s") as refused:
        asyncio.run(jobs.run(job, connected, large=False))
    assert (refused.value.http_status, refused.value.headers["Retry-After"]) == (503, "2")
    assert job.ended.wait(10)
    assert dropped == {"deadline": 1}


def test_a_job_that_waited_until_its_deadline_never_starts(jobs: LongJobs) -> None:
    """This holds even if the job before it ignores its own deadline."""
    blocked, second = threading.Event(), Endless()

    def first(_: Check) -> bytes:
        blocked.wait(30)
        return b""

    async def both() -> list[Any]:
        waiting = (jobs.run(job, connected, large=False) for job in (first, second))
        return await asyncio.gather(*waiting, return_exceptions=True)

    assert all(isinstance(answer, Refused) for answer in asyncio.run(both()))
    blocked.set()
    assert asyncio.run(jobs.run(lambda _: b"done", connected, large=False)) == b"done"
    assert not second.started.is_set()


def test_a_job_ends_when_its_client_leaves(dropped: Counter[str]) -> None:
    jobs, job = LongJobs(most=1, seconds=60, on_drop=lambda reason: dropped.update([reason])), Endless()

    async def leaves() -> dict[str, Any]:
        await asyncio.to_thread(job.started.wait)
        return {"type": "http.disconnect"}

    with pytest.raises(Refused, match="disconnected"):
        asyncio.run(jobs.run(job, leaves, large=False))
    assert job.ended.wait(10)
    assert dropped == {"client": 1}
    jobs.close()


def test_a_job_ends_when_its_request_is_canceled(dropped: Counter[str]) -> None:
    """Ray cancels the request of a client that has left."""
    jobs, job = LongJobs(most=1, seconds=60, on_drop=lambda reason: dropped.update([reason])), Endless()

    async def canceled() -> None:
        request = asyncio.ensure_future(jobs.run(job, connected, large=False))
        await asyncio.to_thread(job.started.wait)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request

    asyncio.run(canceled())
    assert job.ended.wait(10)
    assert dropped == {"client": 1}
    jobs.close()


def test_more_jobs_than_the_limit_are_refused_until_one_ends(jobs: LongJobs, dropped: Counter[str]) -> None:
    running = [Endless() for _ in range(3)]

    async def full() -> None:
        waiting = [asyncio.ensure_future(jobs.run(job, connected, large=False)) for job in running]
        await asyncio.to_thread(running[0].started.wait)
        with pytest.raises(Refused, match="3 long requests") as refused:
            await jobs.run(lambda _: b"done", connected, large=False)
        assert refused.value.kind.name == "overloaded"
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(full())
    assert running[0].ended.wait(10)
    assert eventually(lambda: asyncio.run(jobs.run(lambda _: b"done", connected, large=False)) == b"done")
    assert dropped["busy"] == 1


def test_small_jobs_do_not_wait_behind_large_ones() -> None:
    jobs, large = LongJobs(most=3, seconds=60), Endless()

    async def both() -> bytes:
        waiting = asyncio.ensure_future(jobs.run(large, connected, large=True))
        await asyncio.to_thread(large.started.wait)
        answer = await jobs.run(lambda _: b"done", connected, large=False)
        waiting.cancel()
        return answer

    assert asyncio.run(both()) == b"done"
    jobs.close()


def test_bodies_share_a_memory_that_comes_back() -> None:
    memory = BodyMemory(100)
    with memory.hold() as first:
        first.add(60)
        with pytest.raises(Refused) as refused, memory.hold() as second:
            second.add(60)
        assert (refused.value.http_status, refused.value.headers["Retry-After"]) == (503, "2")
        with memory.hold() as third:
            third.add(40)
    assert memory.used == 0
