"""What single monomers say of the interaction, computed from their geometries within milliseconds."""
