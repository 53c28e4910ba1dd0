"""MACE networks as potentials: graphs, architecture, ensemble, files, exports."""
