"""Tables of runs and of their scores: columns, rows, cells, and the bars in them."""

from site_builder.tables.bars import Bar
from site_builder.tables.performance import performance_table
from site_builder.tables.resources import resources_table
from site_builder.tables.table import Cell, Column, Group, Row, Table

__all__ = [
    "Bar",
    "Cell",
    "Column",
    "Group",
    "Row",
    "Table",
    "performance_table",
    "resources_table",
]
