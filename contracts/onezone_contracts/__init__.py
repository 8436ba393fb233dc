"""The judge: says whether an implementation keeps the contract."""
