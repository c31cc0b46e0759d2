"""Fine-tuning of the shipped networks on your own labels, with safe defaults."""
