"""
Classify texts
==============

To which part of SciPy does a function belong? The texts are the first paragraphs of SciPy's
docstrings, so nothing is downloaded. How texts become numbers matters as well as the model. One
search tunes both, and chooses between words and parts of words.
"""

import inspect
from importlib import import_module

import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from skhpo import TPESearchCV
from skhpo.plots import SliceDisplay

# %%
# Texts
# -----

labels = {}  # equal texts count once
for package in ("fft", "interpolate", "linalg", "ndimage", "optimize", "signal", "sparse", "stats"):
    module = import_module(f"scipy.{package}")
    for name in module.__all__:
        docstring = inspect.getdoc(getattr(module, name)) or ""
        labels[docstring.partition("\n\n")[0]] = package
X, X_test, y, y_test = train_test_split(
    list(labels),
    list(labels.values()),
    test_size=0.5,
    stratify=list(labels.values()),
    random_state=0,
)
print(f"{len(X)} texts for the search, {len(X_test)} for the test; one of them:")
print(f"{y[0]}: {X[0]}")

# %%
# Space
# -----
# Each branch has the settings of one way to split a text. Both branches have the common settings.

common = {
    "tfidf__sublinear_tf": [False, True],
    "model__C": loguniform(1e-1, 1e2),
    "model__class_weight": [None, "balanced"],
}
words = {
    "tfidf__analyzer": ["word"],
    "tfidf__ngram_range": [(1, 1), (1, 2)],
    "tfidf__stop_words": [None, "english"],
}
letters = {
    "tfidf__analyzer": ["char_wb"],
    "tfidf__ngram_range": [(1, 3), (2, 4)],
    "tfidf__min_df": [2],
}
space = [words | common, letters | common]

# %%
# Search
# ------

pipeline = Pipeline([("tfidf", TfidfVectorizer()), ("model", LogisticRegression(tol=1e-3))])
search = TPESearchCV(pipeline, space, n_iter=30, scoring="f1_macro", random_state=0).fit(X, y)
n_fits = search.cv_results_["n_splits_evaluated"].sum()
print(f"30 candidates took {n_fits} fits instead of {30 * 5}; the best is")
for name, value in search.best_params_.items():
    print(f"    {name} = {value}")

SliceDisplay.from_search(search, params=["model__C"])
plt.show()

# %%
# Texts that the search has not seen
# ----------------------------------

models = {"default parameters": pipeline.fit(X, y), "after the search": search}
for name, model in models.items():
    print(f"{name}: macro F1 {f1_score(y_test, model.predict(X_test), average='macro'):.3f}")
