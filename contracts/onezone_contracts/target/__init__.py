"""Who the target is, who acts there, and what they act on: from a target file, provider states, or an administrator."""
