"""Which layers of a network have feature maps, and where these are."""

from collections.abc import Mapping

from experiments.results.schema import Architecture, FeatureMaps
from site_builder import addresses
from site_builder.architectures.networks import Network


def mapped_layers(made_of: Architecture, maps: FeatureMaps) -> dict[int, str]:
    """Return for layers, by their place, the mapped layer that ends with them.

    A mapped layer may be a module of many layers: it ends where the last of these does.

    Args:
        made_of: What the network is made of.
        maps: Feature maps of one of its runs.

    Returns:
        In the order of the mapped layers.
    """
    found = {}
    for mapped in maps.layers:
        inside = [
            place
            for place, layer in enumerate(made_of.layers)
            if f"{layer.name}.".startswith(f"backbone.{mapped.name}.")
        ]
        if inside:
            found[inside[-1]] = mapped.name
    return found


def layer_links(network: Network, maps: Mapping[str, FeatureMaps]) -> dict[int, str]:
    """Return for layers, by their place, where the feature maps of the best run are that has some.

    Args:
        network: The network.
        maps: Feature maps by run.
    """
    mapped = next((run_id for run_id in network.run_ids if run_id in maps), None)
    if mapped is None:
        return {}
    layers = mapped_layers(network.made_of, maps[mapped])
    return {place: addresses.feature_maps(mapped, name) for place, name in layers.items()}
