"""Uses a client that openapi-generator made for Python: lists page by page, refusals, tags, figures, and what acts once for a key."""

import os
from datetime import datetime

import binnacle_api
from binnacle_api.rest import ApiException

settings = binnacle_api.Configuration(host=os.environ["SERVER"], access_token=os.environ["TOKEN"])
with binnacle_api.ApiClient(settings) as client:
    clusters, inventory, diagrams, links = (
        of(client) for of in (binnacle_api.ClustersApi, binnacle_api.InventoryApi, binnacle_api.DiagramsApi, binnacle_api.EmbedLinksApi)
    )
    assert [line.name for line in clusters.get_clusters().items] == ["demo"]
    try:
        inventory.get_clusters_cluster_pods("nowhere")
        raise SystemExit("a cluster that is not there has pods")
    except ApiException as refused:
        assert refused.status == 404 and refused.data.status == 404 and refused.data.title, refused
    pods, behind = [], None
    while True:
        page = inventory.get_clusters_cluster_pods("demo", limit=7, next=behind)
        pods += page.items
        behind = page.next
        if behind is None:
            break
    assert len(pods) > 20 and all(isinstance(pod.created, datetime) for pod in pods)
    whole = clusters.get_clusters_with_http_info()
    assert whole.headers["etag"] and whole.headers["ratelimit"]
    unchanged = clusters.get_clusters_without_preload_content(if_none_match=whole.headers["etag"])
    assert unchanged.status == 304, unchanged.status
    svg = diagrams.get_clusters_cluster_diagrams_architecture_svg("demo")
    assert b"<svg " in bytes(svg), type(svg)
    png = diagrams.get_clusters_cluster_diagrams_architecture_png("demo")
    assert bytes(png)[1:4] == b"PNG", type(png)
    assert diagrams.get_clusters_cluster_diagrams_architecture_json("demo").marks[0].id
    assert diagrams.get_clusters_cluster_diagrams_architecture_dot("demo").startswith("digraph")
    wanted = binnacle_api.WantedLink(cluster="demo", view=binnacle_api.Figure.FigureArchitecture)
    made, again = (links.post_embed_links_with_http_info(wanted, idempotency_key="generator") for _ in range(2))
    assert made.data.id == again.data.id and again.headers["idempotency-replayed"] == "true"
    for pod in pods:
        print(f"{pod.namespace}/{pod.name} {pod.health.value}")
