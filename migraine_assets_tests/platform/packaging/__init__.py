"""Tests of the files from which the project is installed and shipped."""
