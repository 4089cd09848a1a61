"""Reports: the business in figures, as tables, plots and files."""
