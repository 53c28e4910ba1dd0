"""Campaigns: the only orchestrator. Everything here runs from the command line, a worker or the app.

`campaign`, `actions`, `costs` and `archive` import neither torch nor PySCF; `steps` does its heavy
imports inside functions and runs in worker processes.
"""

from nci_core.campaign.campaign import Campaign, home, list_campaigns

__all__ = ["Campaign", "home", "list_campaigns"]
