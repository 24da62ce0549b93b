// Proofs
