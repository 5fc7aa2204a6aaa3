"""Sources and exports beyond plain folders."""
