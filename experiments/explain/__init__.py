"""What a trained model sees: its layers' outputs, and where in an image its evidence lies."""
