"""Reimbursement: months issued once, runs that can be repeated, and the lines in the order issued."""
