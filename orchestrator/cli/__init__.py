"""The command line: a face over operations, with no logic of its own. One file per verb group."""
