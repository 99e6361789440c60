"""Render the chart with each example of values (`ci/`), for the tools that check manifests.

Usage: render.py FOLDER
"""

import sys
from pathlib import Path

import helm_python
import yaml

CHART = Path(__file__).parents[1] / "helm" / "migraine-platform"


def main(folder: Path) -> None:
    """Write the manifests of each values file to a file of the same name in `folder`."""
    for path in sorted((CHART / "ci").glob("*-values.yaml")):
        values = yaml.safe_load(path.read_text()) or {}
        files = helm_python.Chart.load(str(CHART)).render(values, name="migraine-platform", namespace="migraine")
        manifests = [text for name, text in sorted(files.items()) if name.endswith(".yaml") and "kind:" in text]
        (folder / path.name).write_text("---\n".join(text.rstrip() + "\n" for text in manifests))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
