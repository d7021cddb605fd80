"""Which stages of a network have feature maps."""

from experiments.results.schema import Architecture, FeatureMaps


def mapped_layers(made_of: Architecture, maps: FeatureMaps) -> dict[int, str]:
    """Return for stages, by their place, the last mapped layer that ends in them.

    A mapped layer may be a module of many layers: it ends where the last of these is.

    Args:
        made_of: What the network is made of.
        maps: Feature maps of one of its runs.
    """
    found = {}
    for mapped in maps.layers:
        inside = [
            layer.stage
            for layer in made_of.layers
            if f"{layer.name}.".startswith(f"backbone.{mapped.name}.")
        ]
        if inside:
            found[inside[-1]] = mapped.name
    return found
