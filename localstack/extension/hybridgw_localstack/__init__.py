"""What the community edition of LocalStack lacks for hybridgw: ELBv2, AWS's refusals, a data plane."""
