"""The demo: a daemon, the sample plan, a simulated switch and a receiver of alerts, all real and all on loopback."""
