"""What the pages of the desk show, gathered page by page within the scope of whoever looks."""
