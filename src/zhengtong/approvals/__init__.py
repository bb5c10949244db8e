"""网上审批 Approvals: matters a county handles and the cases people file."""
