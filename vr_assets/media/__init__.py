"""Pixels: the only importer of av, cv2 and numpy."""
