"""What labels cost, what they would bring, and what a calculation may take."""
