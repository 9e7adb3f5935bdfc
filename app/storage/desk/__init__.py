"""Queries of the desk: sums and rows that no other face asks for."""
