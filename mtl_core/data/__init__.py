"""From files to batches: cards, readers, tasks, text and batches."""
