"""Uses a client that openapi-python-client made: refusals, tags, figures of each kind, and what acts once for a key."""

import os
from datetime import datetime

from binnacle_client import AuthenticatedClient
from binnacle_client.api.clusters import get_clusters
from binnacle_client.api.diagrams import (
    get_clusters_cluster_diagrams_architecture_dot as dot,
    get_clusters_cluster_diagrams_architecture_json as scene,
    get_clusters_cluster_diagrams_architecture_svg as svg,
    get_clusters_cluster_diagrams_networking_mmd as mermaid,
)
from binnacle_client.api.embed_links import post_embed_links as link
from binnacle_client.api.inventory import get_clusters_cluster_pods as pods
from binnacle_client.models import Health, WantedLink, Figure, Problem

client = AuthenticatedClient(os.environ["SERVER"], os.environ["TOKEN"])
assert [line.name for line in get_clusters.sync(client=client).items] == ["demo"]
missing = pods.sync("nowhere", client=client)
assert isinstance(missing, Problem) and missing.status == 404, missing
page = pods.sync("demo", client=client, state=Health.HEALTH_OK, limit=2)
assert all(isinstance(pod.created, datetime) and pod.health == Health.HEALTH_OK for pod in page.items)
whole = get_clusters.sync_detailed(client=client)
again = get_clusters.sync_detailed(client=client, if_none_match=whole.headers["etag"])
assert (whole.status_code, again.status_code) == (200, 304)
assert "ratelimit" in whole.headers
assert b"<svg " in svg.sync("demo", client=client).payload.read()
assert scene.sync("demo", client=client).marks[0].id
assert dot.sync("demo", client=client).startswith("digraph")
assert "graph" in mermaid.sync("demo", client=client) or "flowchart" in mermaid.sync("demo", client=client)
wanted = WantedLink(cluster="demo", view=Figure.FIGURE_ARCHITECTURE)
made, replayed = (link.sync_detailed(client=client, body=wanted, idempotency_key="k") for _ in range(2))
assert made.parsed.id == replayed.parsed.id and replayed.headers["idempotency-replayed"] == "true"
assert made.parsed.page.startswith(os.environ["SERVER"]) and replayed.parsed.page is None
print("well")
