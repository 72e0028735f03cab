"""What is deployed: one CDK stack of small constructs."""
