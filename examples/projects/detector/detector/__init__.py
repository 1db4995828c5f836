"""A compact detector of shapes: data, network, training, searches, and a report from the runs."""
