"""What people and systems download of a run: one writer for each kind of file, each made as it is sent."""
