"""Reimbursement: what a month comes to, what is issued, and the months themselves."""
