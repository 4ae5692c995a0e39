"""Plan -> Outcome: prepare the mounts, drive the engine through a table of states, follow the agent, collect."""
