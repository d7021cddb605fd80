"""classes/<n>.html, one page for each class: a module for each part of it, and the list of all."""
