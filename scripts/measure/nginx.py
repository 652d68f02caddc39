"""nginx as a yardstick: files from a folder with sendfile, plain and, where a certificate is given, over TLS beside it."""

import os
import subprocess
import time

from figures import STARTED, cores, cpu_of, free_port

CONFIGURATION = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes {cores}; {user}
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types {{ application/pdf pdf; text/html html; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
  {secure}
}}
"""
SECURE = """server {{
    listen 127.0.0.1:{port} ssl; root {folder}/www; ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_protocols {protocol}; {ciphers}
  }}"""


class Nginx:
    """Serves the files of `folder`/www until it is stopped; `url`, and `secure_url` with TLS."""

    def __init__(self, folder, tls=None):
        """`tls`: certificate, key, and the one version and cipher to speak, as OpenSSL calls them."""
        folder.mkdir(exist_ok=True)
        (folder / "www").mkdir()
        self.folder, port, secure = folder, free_port(), ""
        if tls:
            certificate, key, version, cipher = tls
            ciphers = f"ssl_conf_command Ciphersuites {cipher};" if version == "TLSv1.3" else f"ssl_ciphers {cipher};"
            secure_port = free_port()
            self.secure_url = f"https://127.0.0.1:{secure_port}"
            secure = SECURE.format(folder=folder, port=secure_port, certificate=certificate, key=key, protocol=version, ciphers=ciphers)
        self.url = f"http://127.0.0.1:{port}"
        configuration = folder / "nginx.conf"
        user = "user root;" if os.getuid() == 0 else ""
        configuration.write_text(CONFIGURATION.format(folder=folder, cores=cores(), port=port, user=user, secure=secure))
        self.process = subprocess.Popen(["nginx", "-p", folder, "-e", folder / "nginx.log", "-c", configuration])
        STARTED.append(self.process)
        time.sleep(1)

    def add(self, name, content):
        (self.folder / "www" / name).write_bytes(content)

    def cpu(self):
        """Seconds of all cores that its workers have used."""
        workers = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=True).stdout.split()
        return sum(cpu_of(int(worker)) for worker in workers)
