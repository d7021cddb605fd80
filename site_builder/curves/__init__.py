"""How the runs learned: their epochs as series to draw, as a table, and what rules say of them."""
