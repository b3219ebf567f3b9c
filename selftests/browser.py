# SPDX-License-Identifier: GPL-2.0
"""A headless Chromium, spoken with over a pipe by the DevTools protocol.

A command and its answer are JSON, each ended by a zero byte; the browser reads from its
file 3 and writes to its file 4.  What the page says on its console is kept.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
LOW = 10        # file numbers from there on are in nobody's way


def find():
    return next(filter(None, map(shutil.which, NAMES)), None)


def high(number):
    """The same file under a higher number, which a child inherits."""
    import fcntl
    copy = fcntl.fcntl(number, fcntl.F_DUPFD, LOW)
    os.close(number)
    return copy


class Browser:
    def __init__(self, program):
        self.home = tempfile.mkdtemp()
        ours_read, theirs_write = map(high, os.pipe())
        theirs_read, ours_write = map(high, os.pipe())

        def files():
            os.dup2(theirs_read, 3)
            os.dup2(theirs_write, 4)
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-extensions", "--no-first-run", "--disable-background-networking",
             "--disable-dev-shm-usage", f"--user-data-dir={self.home}", "--remote-debugging-pipe",
             "about:blank"],
            preexec_fn=files, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.home})
        os.close(theirs_read)
        os.close(theirs_write)
        self.reads, self.writes = ours_read, ours_write
        self.buffer, self.number, self.session, self.events = b"", 0, None, []
        target = self.call("Target.getTargets")["targetInfos"]
        page = next(info["targetId"] for info in target if info["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.process.terminate()
        self.process.wait()
        os.close(self.reads)
        os.close(self.writes)
        shutil.rmtree(self.home, ignore_errors=True)

    # --- the protocol

    def message(self, limit):
        """The next message, or None after that many seconds."""
        end = time.monotonic() + limit
        while b"\0" not in self.buffer:
            if not select.select([self.reads], [], [], max(0, end - time.monotonic()))[0]:
                return None
            got = os.read(self.reads, 1 << 16)
            if not got:
                raise RuntimeError("the browser is gone")
            self.buffer += got
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            command["sessionId"] = self.session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.writes, data):]
        while True:
            message = self.message(60)
            if message is None:
                raise RuntimeError(f"no answer to {method}")
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]
            self.events.append(message)

    def said(self):
        """Errors and warnings that the page gave, and what it asked the network for."""
        out = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = params["exceptionDetails"]
                out.append("exception: " + details.get("exception", {}).get("description", details["text"]))
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                out.append("console: " + " ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                out.append("log: " + params["entry"]["text"])
            elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "data:", "blob:")):
                out.append("asked for " + params["request"]["url"])
        return out

    # --- the page

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']['exception'].get('description')}")
        return result["result"].get("value")

    def wait(self, script, limit=30):
        """Until it is true; returns its value."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            value = self.run(script)
            if value:
                return value
            time.sleep(0.05)
        raise RuntimeError(f"not true after {limit} s: {script}")

    def open(self, path, width=1280, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        return float(self.wait("location.protocol === 'file:' && document.documentElement?.dataset.drawn"))

    def click(self, x, y):
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="none" if kind == "mouseMoved" else "left", clickCount=1)

    def key(self, name, code=0, text=None, shift=False):
        extra = {"text": text} if text else {}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code,
                      modifiers=8 if shift else 0, **(extra if kind == "keyDown" else {}))

    def screenshot(self, path, clip=None):
        parameters = {"format": "png"}
        if clip:
            parameters.update(clip={**clip, "scale": 1})
        data = self.call("Page.captureScreenshot", **parameters)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
