"""What the hand on the map can do: one tool at a time, gestures in map coordinates, commands at the end."""
