"""The models of a small shop: the example that drift_pipeline is shown on."""
