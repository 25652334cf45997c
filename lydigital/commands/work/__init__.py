"""What commands on shapes do. Loaded at the first use, so that the first frame and light commands are spared shapely."""
