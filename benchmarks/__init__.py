"""What is measured, side by side in one run with what people would use instead."""
