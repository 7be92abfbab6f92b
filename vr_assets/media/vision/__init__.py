"""How the offline annotator sees: from frames to tracks, without learned weights."""
