"""How gunicorn serves the product; GUNICORN_CMD_ARGS or the command line may change any of it."""

from __future__ import annotations

from pathlib import Path

wsgi_app = "wsgi:app"
bind = "127.0.0.1:8011"
worker_class = "gthread"
workers = 2
threads = 8
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 50_000
max_requests_jitter = 5_000
# A worker shows that it lives by touching a file: on a disk that can block, in memory it cannot.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# It would lie in the home directory of whoever runs the service.
control_socket_disable = True
# TLS ends at nginx on the same machine, which sets X-Forwarded-*.
forwarded_allow_ips = "127.0.0.1"
