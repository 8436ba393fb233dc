"""Who notices a change of the contract: `ozkit spec diff A B --impact`, by asking both editions' mocks."""
