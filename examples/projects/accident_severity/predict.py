"""Predict with the model of a run: `python predict.py TRACKING_URI RUN_ID FOLDER`."""

import sys
from pathlib import Path

import mlflow
import pandas as pd

uri, run_id, folder = sys.argv[1:]
mlflow.set_tracking_uri(uri)
model = mlflow.pyfunc.load_model(f"runs:/{run_id}/model")
print(*model.predict(pd.read_parquet(Path(folder) / "new_accidents.parquet")))
