"""Compare: what multi-task training brought each task, against its single-task twin."""

from pages._compared import choose_runs
from pages._comparison import (
    show_curves,
    show_differences,
    show_downloads,
    show_gains,
    show_scores,
    show_steered,
    watch,
)
from pages._ui import page_head

page_head("Compare", "Did training together help? Each task against its matched single-task twin.")
chosen = choose_runs()
if chosen:
    show_steered(chosen)
    show_gains(chosen)
    show_curves(chosen)
    show_scores(chosen)
    show_differences(chosen)
    show_downloads(chosen)
    watch(chosen)
