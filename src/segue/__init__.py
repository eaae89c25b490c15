"""segue: a music recommender, from raw listening data to evaluated, explained recommendations and playlists.

    import segue

    dataset = segue.Dataset.from_frame(plays, user="user", item="track", weight="plays")
    model = segue.ImplicitALS(factors=64).fit(dataset, seed=0)
    top = model.recommend(dataset.histories[:10], k=20)

Names are looked up when they are first used, so that `import segue` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from segue.artifacts import load, save
    from segue.core.catalogue import Catalogue
    from segue.core.dataset import Dataset
    from segue.core.histories import Histories
    from segue.core.topk import TopK
    from segue.core.vocabulary import Vocabulary
    from segue.dataset_files import read_dataset, write_dataset
    from segue.errors import SegueError
    from segue.evaluation import Experiment, evaluate
    from segue.models.content import Content
    from segue.models.ease import EASE
    from segue.models.explicit_als import ExplicitALS
    from segue.models.feature_mf import FeatureMF
    from segue.models.graph_filter import GraphFilter
    from segue.models.implicit_als import ImplicitALS
    from segue.models.item_knn import ItemKNN
    from segue.models.minhash import MinHash
    from segue.models.popularity import Popularity
    from segue.models.sgd_mf import SGDMF
    from segue.models.user_knn import UserKNN
    from segue.models.word2vec import Word2Vec
    from segue.pipeline import Pipeline
    from segue.simulation import simulate
    from segue.splits import HeldOutItems, HeldOutUsers, LeaveLastOut, NewUsers, PerUserRatio, TimeCut, k_core
    from segue.workspace import Workspace

_HOMES = {
    "Catalogue": "core.catalogue",
    "Content": "models.content",
    "Dataset": "core.dataset",
    "EASE": "models.ease",
    "Experiment": "evaluation",
    "ExplicitALS": "models.explicit_als",
    "FeatureMF": "models.feature_mf",
    "GraphFilter": "models.graph_filter",
    "HeldOutItems": "splits",
    "HeldOutUsers": "splits",
    "Histories": "core.histories",
    "ImplicitALS": "models.implicit_als",
    "ItemKNN": "models.item_knn",
    "LeaveLastOut": "splits",
    "MinHash": "models.minhash",
    "NewUsers": "splits",
    "Pipeline": "pipeline",
    "PerUserRatio": "splits",
    "Popularity": "models.popularity",
    "SGDMF": "models.sgd_mf",
    "SegueError": "errors",
    "TimeCut": "splits",
    "TopK": "core.topk",
    "UserKNN": "models.user_knn",
    "Vocabulary": "core.vocabulary",
    "Word2Vec": "models.word2vec",
    "Workspace": "workspace",
    "evaluate": "evaluation",
    "k_core": "splits",
    "load": "artifacts",
    "read_dataset": "dataset_files",
    "save": "artifacts",
    "simulate": "simulation",
    "write_dataset": "dataset_files",
}

__all__ = [
    "EASE",
    "SGDMF",
    "Catalogue",
    "Content",
    "Dataset",
    "Experiment",
    "ExplicitALS",
    "FeatureMF",
    "GraphFilter",
    "HeldOutItems",
    "HeldOutUsers",
    "Histories",
    "ImplicitALS",
    "ItemKNN",
    "LeaveLastOut",
    "MinHash",
    "NewUsers",
    "PerUserRatio",
    "Pipeline",
    "Popularity",
    "SegueError",
    "TimeCut",
    "TopK",
    "UserKNN",
    "Vocabulary",
    "Word2Vec",
    "Workspace",
    "__version__",
    "evaluate",
    "k_core",
    "load",
    "read_dataset",
    "save",
    "simulate",
    "write_dataset",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'segue' has no attribute {name!r}")
    value = getattr(import_module(f"segue.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
