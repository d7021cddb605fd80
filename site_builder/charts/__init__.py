"""Small line charts as SVG, plain enough to be drawn by a template.

A module for each kind of chart turns records into a `Chart`, all in px and text; the template
`partials/chart.html` writes it. Matplotlib, which draws the trade-offs, would take some minutes
over the charts of a hundred runs.
"""
