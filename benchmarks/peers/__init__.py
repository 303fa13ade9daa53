"""What a competent user would write without us; run by a Python of their own, free of our code."""
