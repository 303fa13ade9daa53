"""What a competent user would write without us."""
