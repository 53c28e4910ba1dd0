"""The `nci` command: the same engine as the app, for terminals and scripts."""
