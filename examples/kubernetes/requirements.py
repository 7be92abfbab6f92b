"""What the package and the extras named need, a line each, for a layer that holds while only the code changes."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
extras = [project["optional-dependencies"][name] for name in sys.argv[1:]]
sys.stdout.write("\n".join([*project["dependencies"], *(one for extra in extras for one in extra)]) + "\n")
