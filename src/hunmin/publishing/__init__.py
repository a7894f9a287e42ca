"""What publishing needs before anything leaves the machine: the facts, the licences, the scan, the cards."""
