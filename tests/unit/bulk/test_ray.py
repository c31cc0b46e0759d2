"""A Ray cluster of several nodes on this machine, of which one is killed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spotter.bulk.names import NameSet
from spotter.bulk.run import BulkOptions, run_in_bulk
from spotter.errors import ConfigError
from tests.unit.bulk.toy import ToyJob, write_photos

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow


def started(start: Callable[[], Any]) -> Any:
    """A node, which gives up when its agents take more than 15 seconds on a busy machine."""
    for _ in range(3):
        try:
            return start()
        except Exception as error:
            reason = error
    raise reason


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": 80 << 20, "include_dashboard": False}
    cluster = started(lambda: Cluster(initialize_head=True, head_node_args=node))
    cluster.second = started(lambda: cluster.add_node(**node))
    ray.init(address=cluster.address, log_to_driver=False)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def lines(*sources: Path, **settings: Any) -> Iterator[tuple[bytes, bool]]:
    from spotter.bulk.ray import iterate_lines

    return iterate_lines(sources, ToyJob(**settings), NameSet(), 2, 20.0)


def test_results_of_one_machine_though_a_node_is_killed(cluster: Any, tmp_path: Path) -> None:
    from spotter.bulk.ray import actor_resources, read_photos, spot_dataset

    texts = {f"{n:03d}.png": f"text {n}" for n in range(400)}
    folder = write_photos(tmp_path / "photos", texts | {"007.png": "crash", "008.png": "broken"})
    assert actor_resources(None) == (3, 1.0)
    with pytest.raises(ConfigError, match="4 workers on a cluster of 4 CPUs"):
        actor_resources(4)
    run_in_bulk([folder], tmp_path / "one.jsonl", ToyJob(), BulkOptions(1))
    expected = (tmp_path / "one.jsonl").read_bytes().splitlines(keepends=True)
    found = []
    for data, failed in lines(folder, delay=0.05):
        found.append(data)
        assert failed == (b'"error": null' not in data)
        if len(found) == 20:
            cluster.remove_node(cluster.second, allow_graceful=False)
    assert found == expected
    # Weights that are not there end the run with the line that one process gives.
    dataset = spot_dataset(read_photos([folder]), {"model": "none"}, 1)
    with pytest.raises(Exception, match="none"):
        dataset.take(1)
    assert json.loads(found[0])["image"] == "000.png"
