// Authorities
