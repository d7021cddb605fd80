"""What pipeline/backbone.html and pipeline/head.html explain: small examples, and arithmetic."""
