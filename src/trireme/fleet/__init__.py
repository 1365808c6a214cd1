"""A cluster's traffic on one machine: several Tritons, NGINX in front with the cluster's config, Prometheus with its rules."""
