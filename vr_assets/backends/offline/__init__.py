"""What the offline annotator says: plain sentences from a measured scene, each true to a person who watches."""
