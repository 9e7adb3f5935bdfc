"""The desk: pages for the people who decide – case officers, coordinators and controllers – made on the server."""
