"""One turn of the loop: sample, pick, ask for labels, check them, fit, evaluate."""
