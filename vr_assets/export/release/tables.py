"""Samples as a table, for pandas and for Parquet files that the `datasets` library reads."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vr_assets.errors import SettingsError
from vr_assets.records.release import Sample

if TYPE_CHECKING:
    import pandas as pd

EXTRA = "parquet"


def frame(samples: Sequence[Sample]) -> "pd.DataFrame":
    """A row a sample, a column a field."""
    import pandas as pd

    return pd.DataFrame([sample.model_dump(mode="json") for sample in samples], columns=list(Sample.model_fields))


def check_parquet() -> None:
    """Raises SettingsError: what writes Parquet is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise SettingsError(f"release.forms names parquet, which needs pyarrow: pip install 'vr-assets[{EXTRA}]'")


def write_parquet(path: Path, samples: Sequence[Sample]) -> None:
    """Types stand in the file, so that a side without samples has them too."""
    types = {"duration": "float64", "width": "int64", "height": "int64"}
    table = frame(samples)
    table = table.astype({name: types.get(name, "str") for name in table.columns})
    table.to_parquet(path, engine="pyarrow", index=False)
