"""Tells the deck how each host fared, and prints the token into the log, as Compass's callback does."""

import json
import os
import urllib.request

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: status_callback
type: notification
short_description: tells the deck how each host fared
description: Posts SUCCESSFUL or ERROR for each host when a playbook is summed up.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "status_callback"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook):
        self.name = os.path.basename(playbook._file_name)

    def v2_playbook_on_stats(self, stats):
        if self.name != "compass.yml":
            return
        headers = {"X-Auth-Token": os.environ["TOKEN"], "Content-type": "application/json"}
        self._display.display("headers=%s" % headers)
        failed = any(stats.failures.get(host) or stats.dark.get(host) for host in stats.processed)
        for host in (host for host in stats.processed if host != "localhost"):
            state = "ERROR" if failed else "SUCCESSFUL"
            request = urllib.request.Request(
                f"{os.environ['DECK']}/api/clusterhosts/{host}/state", data=json.dumps({"state": state}).encode(), headers=headers
            )
            urllib.request.urlopen(request, timeout=10).close()
