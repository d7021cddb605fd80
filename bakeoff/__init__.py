"""The command: parse arguments, call the stages, turn known errors into exit codes."""
