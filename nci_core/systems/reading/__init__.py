"""Reading structures that others wrote: what a file says and what its geometry says must agree, or it is refused."""
