"""runs/<id>.html, one page for each run: a module for each part of it, and the page."""
