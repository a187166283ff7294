"""The modules: each operation against Amazon's models, each table against the simulator."""
