"""Each subject's section of the results."""
