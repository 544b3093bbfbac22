"""The sections of an agreement, one file each, in the words of the YAML document."""
