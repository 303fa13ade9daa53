"""The vendors' systems, played by real HTTP servers, so that deliveries can be tried and broken."""
