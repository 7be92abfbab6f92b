"""One module an asset: media, prompt, backend and parsing put together."""
