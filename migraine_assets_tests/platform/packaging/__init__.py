"""What the project is installed and shipped from."""
