"""The two tables of runs, what they say of any two runs, and all of it as files."""

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
