"""The figures that we claim, measured on whole processes and real servers, and peers beside us in the same run."""
