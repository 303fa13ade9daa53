"""The HTTP door: vendors call, and what they say is durable before they are answered."""
