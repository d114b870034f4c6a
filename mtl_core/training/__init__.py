"""The training loop, what it reports, how it is scored and what it keeps."""
