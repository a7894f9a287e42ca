"""What sft, dpo and merge share: options, labels, batches, attention, resume, launch and estimates."""
