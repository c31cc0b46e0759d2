"""Many photos: sources of any size, a process for each core, outputs to go on with."""
