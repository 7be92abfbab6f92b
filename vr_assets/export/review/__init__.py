"""Review pages: a batch as a site of plain files, in which people look at what was annotated and decide."""
