"""The Salesforce adapter of leadbridge."""
