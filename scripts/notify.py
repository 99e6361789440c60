"""Tell Slack how the stages of a workflow ended: `make notify` with SLACK_WEBHOOK, RESULTS and RUN.

RESULTS is the JSON of the stages.
Exit codes: 0 told, or nobody to tell; 1 not told; 2 wrong use.
"""

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping

GOOD = ("success", "skipped")


def message(results: Mapping[str, Mapping[str, str]], run: str) -> str:
    """What is told: the stages that did not end well by name, or that all did."""
    bad = {name: stage["result"] for name, stage in results.items() if stage["result"] not in GOOD}
    if not bad:
        return f":white_check_mark: All stages ended well. {run}"
    listed = ", ".join(f"{name} ({result})" for name, result in bad.items())
    return f":x: {len(bad)} of {len(results)} stages did not end well: {listed}. {run}"


def main() -> int:
    """Send it."""
    webhook = os.environ.get("SLACK_WEBHOOK", "")
    try:
        text = message(json.loads(os.environ.get("RESULTS", "")), os.environ.get("RUN", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"RESULTS is not the JSON of stages and their results: {error}", file=sys.stderr)
        return 2
    print(text)
    if not webhook:
        print("SLACK_WEBHOOK is not set: nobody is told.")
        return 0
    content = json.dumps({"text": text}).encode()
    request = urllib.request.Request(webhook, data=content, headers={"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return 0
    except OSError as error:
        # Never the address, which is a secret.
        print(f"Slack was not told: {type(error).__name__}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
