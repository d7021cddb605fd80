"""What a page of the site may load: its own files and nothing else."""

# The digest of nothing: Plotly puts an empty <style> into the page and fills it through the CSSOM,
# which a policy does not concern. A <style> with content has another digest and stays refused.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {_EMPTY_STYLE}",
        "img-src 'self'",
        # Only --serve connects, to hear of changes.
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
)
"""The Content-Security-Policy of every page, for a meta element in `head`."""
