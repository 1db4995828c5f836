"""The data of each plot, computed by pure functions: what is drawn, without drawing it."""
