"""Networks as drawings and tables, from what is stored of their layers."""
