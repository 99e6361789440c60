"""Send the results of a CI run to Slack: `make notify`.

Reads SLACK_WEBHOOK, RESULTS (the `needs` context of the workflow as JSON) and RUN (the address of the run).
Exit codes: 0 sent, or no webhook is set; 1 Slack did not accept the message; 2 RESULTS is invalid.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

GOOD = ("success", "skipped")


def message(results: Mapping[str, Mapping[str, str]], run: str) -> str:
    """Return the text of the message: the failed stages with their results, or that all stages passed."""
    failed = {name: stage["result"] for name, stage in results.items() if stage["result"] not in GOOD}
    if not failed:
        return f":white_check_mark: All stages passed. {run}"
    listed = ", ".join(f"{name} ({result})" for name, result in failed.items())
    return f":x: {len(failed)} of {len(results)} stages failed: {listed}. {run}"


def main() -> int:
    """Send the message."""
    webhook = os.environ.get("SLACK_WEBHOOK", "")
    try:
        text = message(json.loads(os.environ.get("RESULTS", "")), os.environ.get("RUN", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"RESULTS is not valid: {error}", file=sys.stderr)
        return 2
    print(text)
    if not webhook:
        print("SLACK_WEBHOOK is not set. The message was not sent.")
        return 0
    content = json.dumps({"text": text}).encode()
    request = urllib.request.Request(webhook, data=content, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return 0
    except OSError as error:
        # The error itself may contain the webhook, which is a secret.
        print(f"Sending to Slack failed: {type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
