// Approval
