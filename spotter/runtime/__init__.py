"""Running networks: headers of weights files, runtimes, and their telemetry switched off."""
