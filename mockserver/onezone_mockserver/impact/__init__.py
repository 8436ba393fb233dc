"""What a change of the contract means for whom: `ozkit spec diff A B --impact`, by asking both editions' mocks."""
