"""What crosses a boundary: frozen, closed, strict pydantic records."""
