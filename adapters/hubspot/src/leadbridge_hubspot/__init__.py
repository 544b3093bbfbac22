"""The HubSpot adapter of leadbridge."""
