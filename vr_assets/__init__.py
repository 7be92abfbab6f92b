"""Video and images in, reasoning training data for vision-language models out."""
