"""`python -m mtl_core.cli`, for where the command `mtl` is not on the path."""

from . import main

main()
