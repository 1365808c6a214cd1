"""An autoscaler before a cluster: a load trace, replicas as fast as the measured ones, and the HPA's own algorithm."""
