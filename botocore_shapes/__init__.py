"""Any botocore service model, server side: HTTP to validated parameters and results back to HTTP."""
