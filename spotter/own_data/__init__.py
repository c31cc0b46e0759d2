"""Fine-tuning of the shipped networks on labels of one's own, with safe defaults."""
