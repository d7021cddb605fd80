"""Every table of the site as files below `exports/`, which the page with the table links to."""
