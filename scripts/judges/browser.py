"""Chromium without a window, which may reach this machine only, and tells what it loaded and complained of."""

import base64
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, TimeoutException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

PATIENCE = 90  # seconds for a page: the machine may be busy with other things
MARK = "window.judgedPage = true"


class Browser:
    """One Chromium with a profile of its own. `languages` is what it asks sites for, such as "es,en"."""

    def __init__(self, work, languages="en-US,en", width=1280, height=900):
        self.folder = Path(tempfile.mkdtemp(prefix="chromium.", dir=work))
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir()
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium") or "chromium"
        for argument in (
            "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run", "--disable-sync", "--disable-component-update",
            "--disable-background-networking", "--disable-default-apps", "--disable-extensions", f"--user-data-dir={self.folder / 'profile'}",
            "--ignore-certificate-errors",
            # Nothing but this machine has an address.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            *(["--no-sandbox"] if os.getuid() == 0 else []),
        ):
            options.add_argument(argument)
        options.add_experimental_option("prefs", {
            "intl.accept_languages": languages, "download.default_directory": str(self.downloads), "download.prompt_for_download": False,
            "plugins.always_open_pdf_externally": True, "credentials_enable_service": False,
        })
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        os.environ["SE_OFFLINE"] = "true"
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver") or "chromedriver"))
        self.driver.set_page_load_timeout(PATIENCE)
        self.driver.set_script_timeout(PATIENCE)
        self.requests, self.complaints, self.documents, self.document, self.status = [], [], set(), None, None
        self.size(width, height)

    def close(self):
        try:
            self.driver.quit()
        except WebDriverException:
            pass
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def devtools(self, method, **parameters):
        return self.driver.execute_cdp_cmd(method, parameters)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def colours(self, scheme):
        """`light` or `dark`, as the reader's system says."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, address):
        """As typed into the address bar."""
        self.driver.get(address)
        self.read_logs()

    def keys(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def follow(self, *keys):
        """Types something that leads to another page, and waits until that is there."""
        self.script(MARK)
        self.keys(*keys)
        self.arrive()

    def choose(self, selector, path):
        """Chooses a file in a field that leads to another page by itself. The system's own dialogue is no part of the page."""
        self.script(MARK)
        self.driver.find_element("css selector", selector).send_keys(str(path))
        self.arrive()

    def arrive(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if self.script("return !window.judgedPage && document.readyState === 'complete'"):
                    self.read_logs()
                    return
            except (JavascriptException, WebDriverException):
                pass  # between two pages there is none
            time.sleep(0.02)
        raise TimeoutException(f"no other page came after {self.driver.current_url}")

    def read_logs(self):
        """Takes over what was requested and complained of since the last time, and which document is shown."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            parameters = message["params"]
            if message["method"] == "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            elif message["method"] == "Network.responseReceived" and parameters["type"] == "Document":
                self.document, self.status = parameters["requestId"], parameters["response"]["status"]
                self.documents.add((parameters["response"]["url"], self.status))
        # The browser reports a page's own status, such as 403, as a failed load. Whether it is the expected one is for others to see.
        own = [f"{address} - Failed to load resource: the server responded with a status of {status} " for address, status in self.documents]
        self.complaints += [entry for entry in self.driver.get_log("browser") if not entry["message"].startswith(tuple(own))]

    def strangers(self, origin):
        """Addresses that were asked for and are not of this origin. The browser's own start page is none, nor are programs for mail and telephones."""
        own = urlsplit(origin)
        return [
            address for address in self.requests
            if not address.startswith(("data:", "about:", "chrome:", "devtools:", "mailto:", "tel:")) and urlsplit(address)[:2] != own[:2]
        ]

    def html(self):
        """The document as it came over the wire, or None where the browser has it no more."""
        try:
            body = self.devtools("Network.getResponseBody", requestId=self.document)
        except WebDriverException:
            return None
        return base64.b64decode(body["body"]) if body["base64Encoded"] else body["body"].encode()

    def cookies(self):
        return self.devtools("Storage.getCookies")["cookies"]

    def picture(self, path):
        """The whole page, not only what the window shows."""
        size = self.devtools("Page.getLayoutMetrics")["cssContentSize"]
        taken = self.devtools(
            "Page.captureScreenshot", format="png", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        path.write_bytes(base64.b64decode(taken["data"]))

    def downloaded(self, name, size):
        """Waits for a file of that name and length; its bytes."""
        end, path = time.monotonic() + PATIENCE, self.downloads / name
        while time.monotonic() < end:
            if path.is_file() and path.stat().st_size == size:
                return path.read_bytes()
            time.sleep(0.1)
        return b""
